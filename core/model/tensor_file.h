#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace meg {

/// Named float32 vectors and text metadata: what a model file holds. The layout is safetensors
/// (8 bytes of header size, a JSON header, the data), so other tools can read it.
struct TensorFile {
  std::map<std::string, std::vector<float>> tensors;
  std::map<std::string, std::string> metadata;
};

/// Writes beside `path` and renames, so that an existing file stays whole until the new one is complete. Adds
/// "format_version" and "checksum" to the metadata. Throws Error where the disk or the folder refuses.
void write_tensor_file(const std::filesystem::path& path, TensorFile file);

/// Throws Error where the file is missing, cut short, changed in any byte of its data, not safetensors, or of a later
/// format version.
TensorFile read_tensor_file(const std::filesystem::path& path);

}  // namespace meg
