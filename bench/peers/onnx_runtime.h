#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "nn/model.h"

namespace pare::bench {

/// libonnxruntime.so.1 in what `npm install --ignore-scripts onnxruntime-node` put into `folder`,
/// where it is there.
std::optional<std::filesystem::path> find_onnx_runtime(const std::filesystem::path& folder);

/// ONNX Runtime's C API, from a shared library.
class OnnxRuntime {
 public:
  /// Throws std::runtime_error if the library cannot be loaded or has no such API.
  explicit OnnxRuntime(const std::filesystem::path& library);
  ~OnnxRuntime();
  OnnxRuntime(const OnnxRuntime&) = delete;
  OnnxRuntime& operator=(const OnnxRuntime&) = delete;

  std::string version() const;

  /// A model in one thread, and buffers for so many samples at once. It lives no longer than the
  /// runtime.
  class Session {
   public:
    Session(const OnnxRuntime& runtime, const nn::Model& model, nn::Index batch);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Inputs [batch, inputs], to fill in; outputs [batch, outputs] of the last run().
    nn::Matrix& inputs() { return inputs_; }
    const nn::Matrix& outputs() const { return outputs_; }

    /// Throws std::runtime_error with what ONNX Runtime says.
    void run();

   private:
    struct Handles;
    const OnnxRuntime& runtime_;
    nn::Matrix inputs_;
    nn::Matrix outputs_;
    std::unique_ptr<Handles> handles_;
  };

 private:
  struct Api;
  std::unique_ptr<Api> api_;
};

}  // namespace pare::bench
