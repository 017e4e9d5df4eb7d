#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "kernels/runtime.h"

namespace meg::MEG_KERNELS {

/// Runs calls in order: each at once, or those of a step together. A step of the same kernels in the same shapes as an
/// earlier one is that one's graph again, and only what has changed of the arguments goes to the device.
class Queue {
 public:
  /// Device memory; its bytes count in most_bytes() for as long as the block lives, also behind the queue's end.
  Block allocate(std::size_t bytes) { return Block(bytes, held_); }
  /// The most bytes that all blocks of this queue have held together.
  std::size_t most_bytes() const { return held_->most(); }

  void run(const Call& call);
  /// Runs what is noted of a step, call by call, and notes no more.
  void flush();
  void upload(const void* from, std::size_t bytes, void* to);
  void download(const void* from, std::size_t bytes, void* to);
  void start_download(const void* from, std::size_t bytes, void* to, Download& download);

  /// Calls are noted from now on. What is noted runs at end_step(), or where an upload, a download or a library must
  /// see it done: such a step is no graph.
  void begin_step();
  void end_step();
  /// For a library that works beside the kernels, behind flush().
  CUstream_st* stream() const { return stream_.handle(); }
  /// Launches of every graph made so far.
  std::vector<std::size_t> graphs() const {
    std::vector<std::size_t> launches;
    for (const Replayed& step : steps_) launches.push_back(step.step.size());
    return launches;
  }

 private:
  /// Calls and a copy of their arguments.
  class Step {
   public:
    void clear();
    void add(const Call& call);
    std::size_t size() const { return calls_.size(); }
    /// Call number i; valid until the next add() or call().
    Call call(std::size_t i);
    /// Whether both are the same but for arguments.
    bool like(const Step& other) const;
    bool same_arguments(const Step& other, std::size_t i) const;

   private:
    struct Noted {
      Call call;
      std::size_t begin, end;  // of its arguments' bytes
      std::size_t first_size;  // of its entries in sizes_
    };
    std::vector<Noted> calls_;
    std::vector<std::byte> bytes_;
    std::vector<std::size_t> sizes_;
    std::vector<void*> arguments_;
  };
  struct Replayed {
    Step step;  // with the arguments that the graph has now
    Graph graph;
  };

  /// Runs the noted step as a new graph; as that of an earlier step like it.
  void record();
  void replay(Replayed& earlier);

  std::shared_ptr<HeldBytes> held_ = std::make_shared<HeldBytes>();
  CudaStream stream_;
  bool noting_ = false;
  Step step_;
  std::vector<Replayed> steps_;
};

/// A block that grows to what is asked of it, and then holds anything.
class Scratch {
 public:
  template <class T>
  T* as(Queue& queue, std::size_t count) {
    if (const std::size_t bytes = count * sizeof(T); bytes > size_) {
      block_.reset();
      size_ = 0;  // should the next line throw
      block_.emplace(queue.allocate(bytes));
      size_ = bytes;
    }
    return block_->as<T>();
  }

 private:
  std::optional<Block> block_;
  std::size_t size_ = 0;
};

}  // namespace meg::MEG_KERNELS
