#include "kernels/runtime.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/fail.h"

/// The handles of kernels/runtime.h on the host: device memory is the host's own.
namespace meg::MEG_KERNELS {

std::string obstacle() { return {}; }

void* allocate_bytes(std::size_t bytes) {
  void* block = std::malloc(bytes);
  if (!block) fail("out of memory: {} MB were needed", bytes >> 20);
  return std::memset(block, 0xff, bytes);  // not a number
}

void free_bytes(void* block) noexcept { std::free(block); }
void clear_bytes(void* block, std::size_t bytes) { std::memset(block, 0, bytes); }

void* allocate_host_bytes(std::size_t bytes) {
  void* block = allocate_bytes(bytes);
  clear_bytes(block, bytes);
  return block;
}
void free_host_bytes(void* block) noexcept { std::free(block); }

struct CudaStream::Staging {};
CudaStream::CudaStream() = default;
CudaStream::~CudaStream() = default;

void CudaStream::upload(const void* from, std::size_t bytes, void* to) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void CudaStream::download(const void* from, std::size_t bytes, void* to) const {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void CudaStream::run(const Call& call) const { call.run(call); }

/// As on an H100, where a block takes a multiprocessor.
std::size_t blocks_together(const void*, unsigned, std::size_t shared_bytes) {
  return shared_bytes <= 227 * 1024 ? 132 : 0;
}

/// A copy that is done as late as can be: who reads its target, or writes its source, before wait() gets it wrong.
struct Download::State {
  const void* from = nullptr;
  std::size_t bytes = 0;
  void* to = nullptr;
};

Download::Download() : state_(std::make_unique<State>()) {}
Download::~Download() = default;

void Download::start(const CudaStream&, const void* from, std::size_t bytes, void* to) { *state_ = {from, bytes, to}; }

void Download::wait() {
  if (state_->bytes > 0) std::memcpy(state_->to, state_->from, state_->bytes);
  *state_ = {};
}

/// Calls with arguments of their own.
struct Graph::State {
  struct Node {
    Call call;
    std::vector<std::size_t> sizes;
    std::vector<std::vector<std::max_align_t>> values;
    std::vector<void*> arguments;
  };

  static void copy(const Call& from, Node& to) {
    for (std::size_t i = 0; i < to.values.size(); ++i)
      std::memcpy(to.values[i].data(), from.arguments[i], from.argument_sizes[i]);
  }

  std::vector<Node> nodes;
};

Graph::Graph() : state_(std::make_unique<State>()) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

void Graph::add(const Call& call) {
  State::Node& node = state_->nodes.emplace_back(State::Node{call, {}, {}, {}});
  for (const std::size_t size : call.argument_sizes) {
    node.sizes.push_back(size);
    node.values.emplace_back(size / sizeof(std::max_align_t) + 1);
    node.arguments.push_back(node.values.back().data());
  }
  State::copy(call, node);
}

void Graph::change(std::size_t index, const Call& call) { State::copy(call, state_->nodes[index]); }

void Graph::run(CUstream_st*) {
  for (State::Node& node : state_->nodes) {
    node.call.arguments = node.arguments;
    node.call.argument_sizes = node.sizes;
    node.call.run(node.call);
  }
}

}  // namespace meg::MEG_KERNELS
