#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// Named float32 vectors and text metadata: what a model file holds. The layout is safetensors
/// (8 bytes of header size, a JSON header, the data), so other tools can read it.
struct TensorFile {
  std::map<std::string, std::vector<float>> tensors;
  std::map<std::string, std::string> metadata;
};

/// The file's bytes. Adds "format_version" and "checksum" to the metadata.
std::string tensor_file_bytes(TensorFile file);
/// And back; `name` stands for them in errors, as "'people.meg'". Throws Error where they are cut short, changed in any
/// byte of the data, not safetensors, or of a later format version.
TensorFile parse_tensor_file(std::string_view bytes, const std::string& name);

/// Writes beside `path` and renames, so that an existing file stays whole until the new one is complete. Throws Error
/// where the disk or the folder refuses.
void write_tensor_file(const std::filesystem::path& path, TensorFile file);
/// Throws Error where the file cannot be read, too.
TensorFile read_tensor_file(const std::filesystem::path& path);

}  // namespace meg
