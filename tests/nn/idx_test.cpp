#include "nn/idx.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include "tests/helpers.h"

using namespace pare::nn;
using pare::tests::Folder;

namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

/// Two images of 2 x 2 pixels, and their labels.
std::string images() {
  return bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 255, 51, 102, 1, 2, 3, 4});
}
std::string labels() { return bytes({0, 0, 8, 1, 0, 0, 0, 2, 2, 0}); }

std::string error(const Folder& folder, const std::string& image_bytes,
                  const std::string& label_bytes, Index classes = 0) {
  const std::string i = folder.write("i", image_bytes);
  const std::string l = folder.write("l", label_bytes);
  try {
    load_idx(i, l, classes);
  } catch (const std::runtime_error& thrown) {
    const std::string text = thrown.what();
    return text.substr(folder.path().string().size() + 1);
  }
  return "";
}

}  // namespace

TEST_CASE("IDX files become inputs in [0, 1] and one-hot targets") {
  const Folder folder;
  const Dataset data = load_idx(folder.write("i", images()), folder.write("l", labels()));
  CHECK(data.inputs.row(0) == Matrix{{0, 1, 0.2F, 0.4F}});
  CHECK(data.targets == Matrix{{0, 0, 1}, {1, 0, 0}});
  CHECK(data.task == Task::classification);
  CHECK(data.image.height == 2);
  CHECK(data.image.width == 2);
}

TEST_CASE("a gzipped IDX file is read as it is") {
  const Folder folder;
  const std::string path = (folder.path() / "i.gz").string();
  gzFile file = gzopen(path.c_str(), "wb");
  const std::string content = images();
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  CHECK(load_idx(path, folder.write("l", labels())).inputs(0, 1) == 1.0F);

  const std::string packed = pare::tests::read_file(path);
  CHECK(error(folder, packed.substr(0, packed.size() - 9), labels()) ==
        "i: its gzip data ends too early");
}

TEST_CASE("no more is unpacked of a gzipped IDX file than its header promises") {
  const Folder folder;
  const auto first_half_of = [&](const std::string& content) {
    const std::string path = (folder.path() / "packed").string();
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    const std::string packed = pare::tests::read_file(path);
    return packed.substr(0, packed.size() / 2);
  };
  const std::string zeros(4 << 20, '\0');  // their end is missing, which nobody shall notice
  CHECK(error(folder, first_half_of(zeros), labels()) ==
        "i: it begins with 00000000, not with 00000803 as IDX files of bytes with 3 dimensions do");
  CHECK(error(folder, first_half_of(images() + zeros), labels()) ==
        "i: its header says 8 values, but more follow");
}

TEST_CASE("a damaged IDX file says what is wrong with it") {
  const Folder folder;
  CHECK(error(folder, images().substr(0, 10), labels()) ==
        "i: 10 bytes are too few for the header of an IDX file");
  CHECK(error(folder, labels() + labels(), labels()) ==
        "i: it begins with 00000801, not with 00000803 as IDX files of bytes with 3 dimensions do");
  CHECK(error(folder, images().substr(0, 20), labels()) ==
        "i: its header says 8 values, but 4 follow");
  CHECK(error(folder, images() + "x", labels()) == "i: its header says 8 values, but more follow");
  CHECK(error(folder, bytes({0, 0, 8, 3, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0}), labels()) ==
        "i: its header says more than 68719476736 values");
  CHECK(error(folder, images(), bytes({0, 0, 8, 1, 0, 0, 0, 1, 2})) ==
        "l: it has 1 labels, but " + (folder.path() / "i").string() + " has 2 images");
  CHECK(error(folder, images(), labels(), 2) == "l: label 2 is not below 2");
  CHECK_THROWS_WITH(load_idx("/nowhere/i", "/nowhere/l"), "/nowhere/i: it cannot be opened");
}

TEST_CASE("pooling averages blocks of pixels") {
  const Folder folder;
  const Dataset data = load_idx(folder.write("i", images()), folder.write("l", labels()));
  const Dataset pooled = pool_images(data, 2);
  CHECK(pooled.inputs.cols() == 1);
  CHECK(pooled.inputs(0, 0) == doctest::Approx(0.4));
  CHECK(pooled.image.width == 1);
  CHECK_THROWS_WITH(pool_images(data, 3), "images of 2 x 2 pixels cannot be pooled by 3");
}
