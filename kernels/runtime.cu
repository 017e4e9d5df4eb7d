#include <cuda_runtime.h>

#include <cstring>
#include <vector>

#include "kernels/runtime.h"
#include "meg/error.h"

namespace meg::MEG_KERNELS {

namespace {

constexpr int kOldest = 8;  // major compute capability that the kernels are built for

/// Whether this can be had is whether all kernels can: later devices need a driver that compiles their PTX.
__global__ void probe_kernel() {}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

constexpr const char* kRemedy =
    "; end what else uses it, train with a smaller `batch_size` or `hidden`, or use `device=cpu`";

void check(cudaError_t result, const char* what, std::source_location where = std::source_location::current()) {
  if (result == cudaSuccess) return;
  throw Error(std::string(what) + " failed at " + where.file_name() + ":" + std::to_string(where.line()) + ": " +
                  cudaGetErrorString(result) + " (" + cudaGetErrorName(result) + ")" +
                  (result == cudaErrorMemoryAllocation ? kRemedy : ""),
              ErrorCode::kDevice);
}

/// The one that this thread uses: the first, or whichever an embedding program has chosen by cudaSetDevice.
int current_device() {
  int device = 0;
  check(cudaGetDevice(&device), "asking for the GPU in use");
  return device;
}

int attribute(cudaDeviceAttr which) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, current_device()), "asking what the GPU can do");
  return value;
}

bool is_missing_code(cudaError_t error) {
  return error == cudaErrorInvalidDeviceFunction || error == cudaErrorNoKernelImageForDevice ||
         error == cudaErrorUnsupportedPtxVersion || error == cudaErrorInvalidPtx;
}

/// Beyond this much shared memory a kernel must ask for it. It asks for all: what it may have is one setting of the
/// whole process, and another thread may need more of it than this launch.
void ask_for_shared_memory(const void* kernel, std::size_t bytes, std::source_location where) {
  constexpr std::size_t kFreely = 48 * 1024;
  if (bytes <= kFreely) return;
  const int all = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, all), "asking for shared memory",
        where);
}
void ask_for_shared_memory(const Call& call) { ask_for_shared_memory(call.kernel, call.shared_bytes, call.where); }

cudaKernelNodeParams node_of(const Call& call) {
  cudaKernelNodeParams node{};
  node.func = const_cast<void*>(call.kernel);
  node.gridDim = {call.blocks[0], call.blocks[1], call.blocks[2]};
  node.blockDim = {call.threads, 1, 1};
  node.sharedMemBytes = static_cast<unsigned>(call.shared_bytes);
  node.kernelParams = const_cast<void**>(call.arguments.data());
  return node;
}

}  // namespace

std::string obstacle() {
  int driver = 0, runtime = 0, devices = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) return "there is no NVIDIA driver on this machine";
  if (driver / 1000 < runtime / 1000)
    return "the NVIDIA driver is for CUDA " + version_text(driver) + ", but this meg needs " +
           version_text(runtime / 1000 * 1000) + " (update the driver)";
  const cudaError_t result = cudaGetDeviceCount(&devices);
  if (result != cudaSuccess) return std::string("there is no usable NVIDIA GPU (") + cudaGetErrorString(result) + ")";
  if (devices == 0) return "there is no NVIDIA GPU on this machine";
  int number = 0;
  cudaDeviceProp device;
  cudaError_t known = cudaGetDevice(&number);
  if (known == cudaSuccess) known = cudaGetDeviceProperties(&device, number);
  if (known != cudaSuccess) return std::string("the GPU cannot be used (") + cudaGetErrorString(known) + ")";
  if (device.major < kOldest)
    return std::string("the GPU is too old (") + device.name + " has compute capability " +
           std::to_string(device.major) + "." + std::to_string(device.minor) + ", " + std::to_string(kOldest) +
           ".0 is the least)";
  cudaFuncAttributes attributes;
  if (const cudaError_t loaded = cudaFuncGetAttributes(&attributes, probe_kernel); loaded != cudaSuccess) {
    cudaGetLastError();  // or the next launch would report it
    if (is_missing_code(loaded))
      return std::string("the kernels of this meg cannot be loaded on the ") + device.name + " (" +
             cudaGetErrorString(loaded) + "); a newer driver may help";
    return std::string("the ") + device.name + " cannot be used (" + cudaGetErrorString(loaded) + ")";
  }
  return {};
}

void* allocate_bytes(std::size_t bytes) {
  void* block = nullptr;
  const cudaError_t result = cudaMalloc(&block, bytes);
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // or the next launch would report it
    std::size_t unused = 0, all = 0;
    check(cudaMemGetInfo(&unused, &all), "asking for the free memory of the GPU");
    throw Error("out of memory on the GPU: " + std::to_string((bytes >> 20) + 1) + " MB were needed, " +
                    std::to_string(unused >> 20) + " of " + std::to_string(all >> 20) + " MB are free" + kRemedy,
                ErrorCode::kDevice);
  }
  check(result, "allocating memory on the GPU");
  return block;
}

void clear_bytes(void* block, std::size_t bytes) {
  check(cudaMemset(block, 0, bytes), "clearing memory on the GPU");
  check(cudaStreamSynchronize(nullptr), "clearing memory on the GPU");  // our stream does not wait for that one
}

void free_bytes(void* block) noexcept { cudaFree(block); }

void* allocate_host_bytes(std::size_t bytes) {
  void* block = nullptr;
  check(cudaMallocHost(&block, bytes), "allocating pinned memory of the host");
  std::memset(block, 0, bytes);
  return block;
}

void free_host_bytes(void* block) noexcept {
  cudaDeviceSynchronize();
  cudaFreeHost(block);
}

/// Pinned memory that uploads go through, so that the GPU fetches them when it comes to it while the host's own bytes
/// may change. One half is filled while what is in the other may still be fetched.
struct CudaStream::Staging {
  static constexpr std::size_t kHalf = 256 * 1024;

  Staging() : bytes(static_cast<std::byte*>(allocate_host_bytes(2 * kHalf))) {
    for (cudaEvent_t& event : fetched)
      check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event");
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    free_host_bytes(bytes);
    for (cudaEvent_t event : fetched) cudaEventDestroy(event);
  }

  /// Room for as many bytes, kHalf at most, that nothing fetches any more.
  std::byte* take(std::size_t count, cudaStream_t stream) {
    if (used + count > kHalf) {
      check(cudaEventRecord(fetched[half], stream), "recording an event");
      half = 1 - half, used = 0;
      check(cudaEventSynchronize(fetched[half]), "waiting for a copy to the GPU");
    }
    return bytes + half * kHalf + std::exchange(used, used + count);
  }

  std::byte* bytes;
  cudaEvent_t fetched[2] = {};  // all of a half, when it was full
  std::size_t half = 0, used = 0;
};

CudaStream::CudaStream() { check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "making a stream"); }

CudaStream::~CudaStream() {
  staging_.reset();
  cudaStreamDestroy(handle_);
}

void CudaStream::upload(const void* from, std::size_t bytes, void* to) {
  if (bytes == 0) return;
  const bool staged = bytes <= Staging::kHalf;
  if (staged) {
    if (!staging_) staging_ = std::make_unique<Staging>();
    from = std::memcpy(staging_->take(bytes, handle_), from, bytes);
  }
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, handle_), "a copy to the GPU");
  if (!staged) check(cudaStreamSynchronize(handle_), "waiting for a copy to the GPU");
}

void CudaStream::download(const void* from, std::size_t bytes, void* to) const {
  if (bytes > 0) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, handle_), "a copy from the GPU");
  check(cudaStreamSynchronize(handle_), "waiting for the GPU");
}

void CudaStream::run(const Call& call) const {
  ask_for_shared_memory(call);
  cudaError_t (*launch)(const void*, dim3, dim3, void**, std::size_t, cudaStream_t) = cudaLaunchKernel;
  if (call.together) launch = cudaLaunchCooperativeKernel;
  check(launch(call.kernel, dim3(call.blocks[0], call.blocks[1], call.blocks[2]), dim3(call.threads),
               const_cast<void**>(call.arguments.data()), call.shared_bytes, handle_),
        "launching a kernel", call.where);
}

std::size_t blocks_together(const void* kernel, unsigned threads, std::size_t shared_bytes) {
  if (shared_bytes > static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin))) return 0;
  ask_for_shared_memory(kernel, shared_bytes, std::source_location::current());
  int blocks = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, static_cast<int>(threads), shared_bytes),
        "asking how many blocks the GPU runs side by side");
  return static_cast<std::size_t>(blocks) * static_cast<std::size_t>(attribute(cudaDevAttrMultiProcessorCount));
}

struct Graph::State {
  State() { check(cudaGraphCreate(&graph, 0), "making a graph"); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (executable) cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);
  }

  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  std::vector<cudaGraphNode_t> nodes;
};

/// A stream of its own, which begins where an event of the other one is.
struct Download::State {
  State() { check(cudaEventCreateWithFlags(&ready, cudaEventDisableTiming), "making an event"); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { cudaEventDestroy(ready); }

  CudaStream copies;
  cudaEvent_t ready = nullptr;
};

Download::Download() : state_(std::make_unique<State>()) {}
Download::~Download() = default;

void Download::start(const CudaStream& stream, const void* from, std::size_t bytes, void* to) {
  cudaStream_t const copies = state_->copies.handle();
  check(cudaEventRecord(state_->ready, stream.handle()), "recording an event");
  check(cudaStreamWaitEvent(copies, state_->ready, 0), "waiting for an event");
  if (bytes > 0) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, copies), "a copy from the GPU");
}

void Download::wait() { check(cudaStreamSynchronize(state_->copies.handle()), "waiting for a copy from the GPU"); }

Graph::Graph() : state_(std::make_unique<State>()) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

void Graph::add(const Call& call) {
  ask_for_shared_memory(call);
  const cudaKernelNodeParams params = node_of(call);
  std::vector<cudaGraphNode_t>& nodes = state_->nodes;
  cudaGraphNode_t node = nullptr;
  check(cudaGraphAddKernelNode(&node, state_->graph, nodes.empty() ? nullptr : &nodes.back(), nodes.empty() ? 0 : 1,
                               &params),
        "adding a kernel to a graph", call.where);
  nodes.push_back(node);
}

void Graph::change(std::size_t index, const Call& call) {
  const cudaKernelNodeParams params = node_of(call);
  check(cudaGraphExecKernelNodeSetParams(state_->executable, state_->nodes[index], &params),
        "changing a kernel of a graph", call.where);
}

void Graph::run(CUstream_st* stream) {
  if (!state_->executable) check(cudaGraphInstantiate(&state_->executable, state_->graph, 0), "preparing a graph");
  check(cudaGraphLaunch(state_->executable, stream), "launching a graph");
}

}  // namespace meg::MEG_KERNELS
