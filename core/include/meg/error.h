#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace meg {

/// What a caller can do about an error.
enum class ErrorCode {
  kInvalidArgument,  ///< an option, a condition or another argument makes no sense: change the call
  kFile,             ///< a file or folder is not there, or cannot be read or written: look at the path, or try again
  kBadData,          ///< a table, a schema or a model file is not what it should be: mend or replace it
  kNotTrained,       ///< the model has learned nothing yet: load data, train or load a model first
  kUnsupported,      ///< this model cannot do it: train another one, as the sentence says
  kDiverged,         ///< losses or parameters are not finite: lower the learning rate
  kBusy,             ///< the model is being trained, or is in use where it should be: wait
  kDevice            ///< the device is not there, fails or has no memory left: take another one or smaller batches
};

/// "invalid_argument", "file", "bad_data", "not_trained", "unsupported", "diverged", "busy" or "device".
constexpr std::string_view code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kFile: return "file";
    case ErrorCode::kBadData: return "bad_data";
    case ErrorCode::kNotTrained: return "not_trained";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kDiverged: return "diverged";
    case ErrorCode::kBusy: return "busy";
    case ErrorCode::kDevice: return "device";
  }
  return "";
}

/// Every failure a caller can meet: a code, and one sentence that says what, where (file, line, column) and what to do.
/// The sentence names options and arguments as `name`, or `name=value`.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence, ErrorCode code = ErrorCode::kBadData)
      : std::runtime_error(sentence), code_(code) {}

  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace meg
