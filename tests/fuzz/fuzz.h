#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace pare::tests {

/// A file of this process alone, in memory, that holds `bytes`; the next call with the same `index`
/// replaces it.
std::filesystem::path memory_file(std::string_view bytes, int index = 0);

/// Reads a model in the format called `name`. What is accepted is written, and read and written
/// again: the same bytes must come out. Aborts where they do not, and on any exception but those
/// that say what is wrong with a file.
void fuzz_model(std::string_view name, const std::uint8_t* data, std::size_t size);

/// Runs `read`, which may throw what says what is wrong with a file.
template <class Read>
void expect_words(Read read);

}  // namespace pare::tests

#include <stdexcept>

template <class Read>
void pare::tests::expect_words(Read read) {
  try {
    read();
  } catch (const std::runtime_error&) {
  } catch (const std::invalid_argument&) {
  }
}
