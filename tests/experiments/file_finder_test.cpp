#include "experiments/file_finder.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "experiments/config.h"
#include "tests/experiments/program.h"

using namespace pare;
namespace fs = std::filesystem;
using tests::Folder;

namespace {

constexpr const char* kConfig = R"([data]
source = "csv"
train = "data/a.csv"
test = "data/a.csv"
task = "regression"
validation_samples = 2

[model]
hidden = [2]

[train]
epochs = 2

[[variants]]
name = "a"
)";

/// A folder with a config and, if asked for, the data beside it.
struct Project {
  Folder folder;
  std::string config = folder.write("c.toml", kConfig);
  fs::path data = folder.path() / "data/a.csv";

  explicit Project(bool with_data) {
    fs::create_directory(folder.path() / "data");
    if (with_data) write();
  }
  void write() const { folder.write("data/a.csv", "x,y\n1,0\n2,1\n3,2\n4,3\n5,4\n"); }
};

std::string train_of(const experiments::Experiment& experiment) {
  return experiment.data.files.front();
}

std::string find(experiments::FileFinder& finder, const std::string& path,
                 const std::string& where = "c.toml:3:1") {
  return finder.find({path, where});
}

}  // namespace

TEST_CASE("a config's paths begin at its folder, wherever pare is called") {
  const Project project(true);
  const auto experiment = experiments::load_experiment(project.config, {});
  CHECK(train_of(experiment) == project.data.string());
  CHECK(experiment.notes.empty());
  CHECK(experiments::make_data(experiment, 1).test.inputs.rows() == 5);
}

TEST_CASE("a resolved config finds the same files from another folder") {
  const Project project(true);
  const auto experiment = experiments::load_experiment(project.config, {});
  const Folder other;
  const auto again =
      experiments::load_experiment(other.write("config.toml", experiment.resolved), {});
  CHECK(train_of(again) == project.data.string());
  CHECK(again.resolved == experiment.resolved);
}

TEST_CASE("a file that is not beside the config is looked for in the working directory") {
  const Project here(true);
  const Project elsewhere(false);
  const fs::path before = fs::current_path();
  fs::current_path(here.folder.path());
  experiments::FileFinder finder(elsewhere.config);
  const fs::path found = find(finder, "data/a.csv");
  const std::string nowhere = find(finder, "data/b.csv");
  const std::string absolute = find(finder, "/data/a.csv");
  experiments::FileFinder relative("c.toml");
  const fs::path beside = find(relative, "./data/../data/a.csv");
  fs::current_path(before);
  CHECK(fs::equivalent(found, here.data));
  REQUIRE(finder.notes().size() == 1);
  CHECK(finder.notes()[0] ==
        fmt::format("c.toml:3:1: there is no {}; data/a.csv of the working directory is taken, but "
                    "data files are looked for in the config's folder first",
                    elsewhere.data.string()));
  CHECK(nowhere == (elsewhere.folder.path() / "data/b.csv").string());
  CHECK(absolute == "/data/a.csv");
  CHECK(fs::equivalent(beside, here.data));
  CHECK(beside.is_absolute());
  CHECK(relative.notes().empty());
}

TEST_CASE("a path that --set gives begins at the working directory") {
  const Project project(true);
  const auto experiment = experiments::load_experiment(project.config, {"data.train=mine.csv"});
  CHECK(train_of(experiment) == (fs::current_path() / "mine.csv").string());
  CHECK(experiment.notes.empty());
}
