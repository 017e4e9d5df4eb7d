#include <cublas_v2.h>

#include "kernels/cublas.h"
#ifdef __CUDACC__
#include <dlfcn.h>
#endif

#include <source_location>
#include <vector>

#include "meg/error.h"

namespace meg::MEG_KERNELS {

namespace {

#ifdef __CUDACC__
#define MEG_TEXT_OF(x) #x
#define MEG_TEXT(x) MEG_TEXT_OF(x)
#define MEG_CUBLAS "libcublas.so." MEG_TEXT(CUBLAS_VER_MAJOR)
#define MEG_FUNCTION(name) find<decltype(name)>(#name)
#else
#define MEG_FUNCTION(name) &name
#endif

/// What is used of the library.
struct Library {
  std::string obstacle;  // why it cannot be
#ifdef __CUDACC__
  /// From where shared libraries are found, or where it was when this was built; not one before CUDA 12.5.
  void* open() {
    for (const char* name : {MEG_CUBLAS, MEG_CUBLAS_FOLDER "/" MEG_CUBLAS}) {
      void* const found = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
      if (found && dlsym(found, "cublasGemmGroupedBatchedEx")) {
        obstacle.clear();
        return found;
      }
      obstacle = dlerror();
    }
    return nullptr;
  }
  template <class Function>
  Function* find(const char* name) const {
    return handle ? reinterpret_cast<Function*>(dlsym(handle, name)) : nullptr;
  }
  void* const handle = open();  // stays open: it has threads and memory of its own
#endif
  decltype(cublasCreate_v2)* create = MEG_FUNCTION(cublasCreate_v2);
  decltype(cublasDestroy_v2)* destroy = MEG_FUNCTION(cublasDestroy_v2);
  decltype(cublasSetStream_v2)* set_stream = MEG_FUNCTION(cublasSetStream_v2);
  decltype(cublasSetWorkspace_v2)* set_workspace = MEG_FUNCTION(cublasSetWorkspace_v2);
  decltype(cublasGetStatusString)* status_text = MEG_FUNCTION(cublasGetStatusString);
  decltype(cublasGemmGroupedBatchedEx)* gemm = MEG_FUNCTION(cublasGemmGroupedBatchedEx);
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

void check(cublasStatus_t status, const char* what, std::source_location where = std::source_location::current()) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(std::string(what) + " failed at " + where.file_name() + ":" + std::to_string(where.line()) +
                  ": cuBLAS says: " + library().status_text(status),
              ErrorCode::kDevice);
}

struct Destroy {
  void operator()(cublasContext* handle) const { library().destroy(handle); }
};

cublasContext* start() {
  cublasHandle_t handle = nullptr;
  check(library().create(&handle), "starting cuBLAS");
  return handle;
}

/// What NVIDIA's manual advises for an H100, and for the same sums each time.
constexpr std::size_t kWorkspace = std::size_t{32} << 20;

}  // namespace

std::string Cublas::obstacle() { return library().obstacle; }

struct Cublas::State {
  Queue& queue;
  cublasComputeType_t compute;
  Block workspace;
  std::unique_ptr<cublasContext, Destroy> handle;
};

Cublas::Cublas(Queue& queue, Precision precision) {
  if (!obstacle().empty()) throw Error("cuBLAS cannot be used: " + obstacle(), ErrorCode::kDevice);
  queue.flush();  // before what may throw: a step's calls must not outlive what they point to
  const auto compute = precision == Precision::kTf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  state_ = std::make_unique<State>(
      State{queue, compute, queue.allocate(kWorkspace), std::unique_ptr<cublasContext, Destroy>(start())});
  check(library().set_stream(state_->handle.get(), queue.stream()), "giving cuBLAS a stream");
  check(library().set_workspace(state_->handle.get(), state_->workspace.as<void>(), kWorkspace),
        "giving cuBLAS its memory");
}
Cublas::~Cublas() = default;

struct GroupedGemm::State {
  const Cublas::State& cublas;
  std::vector<cublasOperation_t> a_operation, b_operation;
  std::vector<float> one, beta;
  std::vector<int> m, n, k, a_stride, b_stride, c_stride, group_size;
  Block pointers;  // a of all products, b and c
};

GroupedGemm::GroupedGemm(const Cublas& cublas, std::span<const Gemm> products, GemmForm form) {
  const std::size_t count = products.size();
  const auto operations = [&](bool transposed) {
    return std::vector<cublasOperation_t>(count, transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  };
  const auto all = [&](auto Gemm::*member) {
    std::vector<std::decay_t<decltype(products[0].*member)>> out;
    for (const Gemm& product : products) out.push_back(product.*member);
    return out;
  };
  Queue& queue = cublas.state_->queue;
  queue.flush();  // as above
  Block pointers = queue.allocate(3 * count * sizeof(void*));
  auto* const at = pointers.as<void*>();
  queue.upload(all(&Gemm::a).data(), count * sizeof(void*), at);
  queue.upload(all(&Gemm::b).data(), count * sizeof(void*), at + count);
  queue.upload(all(&Gemm::c).data(), count * sizeof(void*), at + 2 * count);
  state_ = std::make_unique<State>(State{
      *cublas.state_, operations(form.a_transposed), operations(form.b_transposed), std::vector<float>(count, 1.0f),
      std::vector<float>(count, form.beta), all(&Gemm::m), all(&Gemm::n), all(&Gemm::k), all(&Gemm::a_stride),
      all(&Gemm::b_stride), all(&Gemm::c_stride), std::vector<int>(count, 1), std::move(pointers)});
}
GroupedGemm::~GroupedGemm() = default;

/// cuBLAS is column-major: to it our matrices are their transposes, so c^T = b^T a^T.
void GroupedGemm::run() const {
  const auto& [cublas, a_operation, b_operation, one, beta, m, n, k, a_stride, b_stride, c_stride, group_size,
               pointers] = *state_;
  const std::size_t count = m.size();
  auto* const at = pointers.as<void*>();
  cublas.queue.flush();
  check(library().gemm(cublas.handle.get(), b_operation.data(), a_operation.data(), n.data(), m.data(), k.data(),
                       one.data(), at + count, CUDA_R_32F, b_stride.data(), at, CUDA_R_32F, a_stride.data(),
                       beta.data(), at + 2 * count, CUDA_R_32F, c_stride.data(), static_cast<int>(count),
                       group_size.data(), cublas.compute),
        "a grouped product");
}

}  // namespace meg::MEG_KERNELS
