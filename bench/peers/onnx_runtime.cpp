#include "bench/peers/onnx_runtime.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "bench/peers/onnx_writer.h"

namespace pare::bench {
namespace {

namespace fs = std::filesystem;

/// The functions that are needed of OrtApi, a struct of pointers to which versions only append, by
/// their places in it. Source: onnxruntime_c_api.h, "struct OrtApi"; that of 1.30 has them so.
using Function = std::size_t;
constexpr Function kGetErrorMessage = 2;
constexpr Function kCreateEnv = 3;
constexpr Function kCreateSessionFromArray = 8;
constexpr Function kRun = 9;
constexpr Function kCreateSessionOptions = 10;
constexpr Function kSetIntraOpNumThreads = 24;
constexpr Function kSetInterOpNumThreads = 25;
constexpr Function kCreateTensorWithDataAsOrtValue = 49;
constexpr Function kCreateCpuMemoryInfo = 69;
constexpr Function kReleaseEnv = 92;
constexpr Function kReleaseStatus = 93;
constexpr Function kReleaseMemoryInfo = 94;
constexpr Function kReleaseSession = 95;
constexpr Function kReleaseValue = 96;
constexpr Function kReleaseSessionOptions = 100;
constexpr Function kFunctions = 101;

constexpr std::uint32_t kApiVersion = 1;
constexpr int kFloat = 1;            // ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
constexpr int kErrorsOnly = 3;       // ORT_LOGGING_LEVEL_ERROR
constexpr int kDeviceAllocator = 0;  // OrtDeviceAllocator
constexpr int kDefaultMemory = 0;    // OrtMemTypeDefault

using Function0 = void (*)();

struct ApiBase {
  const Function0* (*get_api)(std::uint32_t version);
  const char* (*get_version)();
};

}  // namespace

struct OnnxRuntime::Api {
  void* library;
  const ApiBase* base;
  const Function0* functions;
  void* environment = nullptr;

  template <class... Arguments>
  void release(Function function, Arguments... arguments) const {
    reinterpret_cast<void (*)(Arguments...)>(functions[function])(arguments...);
  }

  /// Calls a function that gives a status: null, or what went wrong.
  template <class... Arguments>
  void call(Function function, Arguments... arguments) const {
    void* status = reinterpret_cast<void* (*)(Arguments...)>(functions[function])(arguments...);
    if (status == nullptr) return;
    const std::string message =
        reinterpret_cast<const char* (*)(const void*)>(functions[kGetErrorMessage])(status);
    release(kReleaseStatus, status);
    throw std::runtime_error("ONNX Runtime: " + message);
  }
};

struct OnnxRuntime::Session::Handles {
  void* options = nullptr;
  void* session = nullptr;
  void* memory = nullptr;
  std::array<void*, 2> values{};  // inputs, outputs
};

std::optional<fs::path> find_onnx_runtime(const fs::path& folder) {
  const fs::path versions = folder / "node_modules/onnxruntime-node/bin";
  std::error_code missing;
  for (const fs::directory_entry& version : fs::directory_iterator(versions, missing)) {
    const fs::path library = version.path() / "linux/x64/libonnxruntime.so.1";
    if (fs::exists(library)) return library;
  }
  return std::nullopt;
}

OnnxRuntime::OnnxRuntime(const fs::path& library) : api_(std::make_unique<Api>()) {
  api_->library = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (api_->library == nullptr) {
    throw std::runtime_error(fmt::format("{} cannot be loaded: {}", library.string(), dlerror()));
  }
  auto* const get_base =
      reinterpret_cast<const ApiBase* (*)()>(dlsym(api_->library, "OrtGetApiBase"));
  api_->base = get_base == nullptr ? nullptr : get_base();
  api_->functions = api_->base == nullptr ? nullptr : api_->base->get_api(kApiVersion);
  if (api_->functions == nullptr) {
    throw std::runtime_error(fmt::format("{} has no C API of ONNX Runtime", library.string()));
  }
  api_->call(kCreateEnv, kErrorsOnly, "pare", &api_->environment);
}

OnnxRuntime::~OnnxRuntime() {
  if (api_->environment != nullptr) api_->release(kReleaseEnv, api_->environment);
  // The library stays loaded: its threads may still be ending.
}

std::string OnnxRuntime::version() const { return api_->base->get_version(); }

OnnxRuntime::Session::Session(const OnnxRuntime& runtime, const nn::Model& model, nn::Index batch)
    : runtime_(runtime),
      inputs_(nn::Matrix::Zero(batch, nn::input_count(model))),
      outputs_(nn::Matrix::Zero(batch, nn::output_count(model))),
      handles_(std::make_unique<Handles>()) {
  const Api& api = *runtime_.api_;
  const std::string file = onnx_bytes(model);
  api.call(kCreateSessionOptions, &handles_->options);
  api.call(kSetIntraOpNumThreads, handles_->options, 1);
  api.call(kSetInterOpNumThreads, handles_->options, 1);
  api.call(kCreateSessionFromArray, api.environment, static_cast<const void*>(file.data()),
           file.size(), static_cast<const void*>(handles_->options), &handles_->session);
  api.call(kCreateCpuMemoryInfo, kDeviceAllocator, kDefaultMemory, &handles_->memory);
  std::size_t next = 0;
  for (nn::Matrix* matrix : {&inputs_, &outputs_}) {
    const std::array<std::int64_t, 2> shape{matrix->rows(), matrix->cols()};
    api.call(kCreateTensorWithDataAsOrtValue, static_cast<const void*>(handles_->memory),
             static_cast<void*>(matrix->data()),
             static_cast<std::size_t>(matrix->size()) * sizeof(float), shape.data(), shape.size(),
             kFloat, &handles_->values[next++]);
  }
}

OnnxRuntime::Session::~Session() {
  const Api& api = *runtime_.api_;
  for (void* value : handles_->values) api.release(kReleaseValue, value);
  api.release(kReleaseMemoryInfo, handles_->memory);
  api.release(kReleaseSession, handles_->session);
  api.release(kReleaseSessionOptions, handles_->options);
}

void OnnxRuntime::Session::run() {
  static constexpr const char* kInput = "inputs";
  static constexpr const char* kOutput = "outputs";
  const void* input = handles_->values[0];
  runtime_.api_->call(kRun, handles_->session, static_cast<const void*>(nullptr), &kInput, &input,
                      std::size_t{1}, &kOutput, std::size_t{1}, &handles_->values[1]);
}

}  // namespace pare::bench
