#include "mcu/temporary_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "mcu/file_descriptor.h"

namespace pare::mcu {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "pare-";
constexpr const char* kLock = "lock";  ///< a file that is locked while its process lives

[[noreturn]] void refuse(const fs::path& path, const char* why) {
  throw std::runtime_error("the folder for temporary files " + path.string() + " cannot be used: " +
                           why + "; set TMPDIR to a folder that you can write to");
}

fs::path system_folder() {
  std::error_code error;
  fs::path folder = fs::temp_directory_path(error);
  if (error) {
    const char* variable = std::getenv("TMPDIR");
    refuse(variable == nullptr ? "/tmp" : variable, error.message().c_str());
  }
  return folder;
}

fs::path make_folder(const fs::path& in, const std::string& prefix) {
  std::string name = (in / (prefix + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) refuse(in, std::strerror(errno));
  return name;
}

FileDescriptor open_lock(const fs::path& path, int flags) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) file.reset();
  return file;
}

/// True of a folder of this user. A process that still lives keeps its own locked.
bool is_ours(const fs::path& folder) {
  struct stat status = {};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && folder.filename().string().starts_with(kPrefix);
}

void remove_those_of_the_dead(const fs::path& in) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(in, ignored)) {
    if (!is_ours(entry.path())) continue;
    const FileDescriptor lock = open_lock(entry.path() / kLock, 0);
    if (lock.get() >= 0) fs::remove_all(entry.path(), ignored);
  }
}

/// The folder of this process, made when it is first needed.
class Root {
 public:
  std::mutex mutex;

  ~Root() { remove(); }

  const fs::path& path() {
    if (path_.empty()) make();
    return path_;
  }

  const fs::path& of_children() {
    path();
    return of_children_;
  }

  void remove() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  bool is_there() const {
    std::error_code ignored;
    return !path_.empty() && fs::exists(path_, ignored);
  }

 private:
  /// The lock gets its name once it is locked: whoever finds it unlocked may take the folder away.
  void make() {
    const fs::path in = system_folder();
    remove_those_of_the_dead(in);
    const fs::path folder = make_folder(in, kPrefix);
    const fs::path unnamed = folder / "unlocked";
    lock_ = open_lock(unnamed, O_CREAT);
    std::error_code error;
    if (lock_.get() < 0) refuse(in, std::strerror(errno));
    fs::rename(unnamed, folder / kLock, error);
    of_children_ = folder / "children";
    if (!error) fs::create_directory(of_children_, error);
    if (error) refuse(in, error.message().c_str());
    path_ = folder;
  }

  fs::path path_;
  fs::path of_children_;
  FileDescriptor lock_;
};

Root& root() {
  static Root instance;
  return instance;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  const std::lock_guard lock(root().mutex);
  path_ = make_folder(root().path(), "");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

const fs::path& TemporaryFolder::of_children() {
  const std::lock_guard lock(root().mutex);
  return root().of_children();
}

void TemporaryFolder::remove_all() {
  root().mutex.lock();  // and never unlocked
  // Other threads still run, and may write into a folder while it is removed.
  for (int tries = 0; tries < 100 && root().is_there(); ++tries) {
    root().remove();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace pare::mcu
