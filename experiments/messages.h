#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace pare::experiments {

/// Makes a standard stream that is closed lead nowhere, so that no file that is opened later takes
/// its place. Writing to such a stdout fails.
void reserve_standard_streams();

/// Writes to stderr. Where that fails there is nobody to tell.
void say(std::string_view text);

/// True unless something that was printed to stdout could not be written.
bool stdout_is_whole();

/// What went wrong, for a user: the error's own words, or ours where they are a library's.
std::string explain(const std::exception& error);

}  // namespace pare::experiments
