#include "simt.h"

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <exception>
#include <memory>
#include <string>
#include <vector>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include "core/error.h"

namespace simt {

namespace {

constexpr std::size_t kStack = 128 * 1024;
constexpr unsigned kWarp = 32;

std::string text(Where where) {
  std::string file = where.file_name();
  return fmt::format("{}:{}", file.substr(file.rfind('/') + 1), where.line());
}

bool same(Where a, Where b) {
  return a.line() == b.line() && a.column() == b.column() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

/// AddressSanitizer must be told which stack the program is on.
struct Stack {
  const void* bottom = nullptr;
  std::size_t size = 0;
};

/// Boost's stacks, noted where they are.
struct NotedStacks {
  boost::context::stack_context allocate() {
    const boost::context::stack_context made = stacks.allocate();
    *note = {static_cast<char*>(made.sp) - made.size, made.size};
    return made;
  }
  void deallocate(boost::context::stack_context& stack) { stacks.deallocate(stack); }

  Stack* note;
  boost::context::protected_fixedsize_stack stacks{kStack};
};

/// Runs threads on a stack of its own: the next ones of the block, until one of them must wait.
class Fiber {
 public:
  template <class Body>
  explicit Fiber(Body body)
      : fiber_(std::allocator_arg, NotedStacks{&own_}, [this, body](boost::context::fiber&& back) {
          back_ = std::move(back);
          arrived();
          body(*this);
          leave(from_, own_frames_);
          return std::move(back_);
        }) {}
  Fiber(const Fiber&) = delete;
  /// Nothing waits on it: it returns from its last pause.
  ~Fiber() {
    ending_ = true;
    resume();
  }
  bool ending() const { return ending_; }

  /// Goes on with what the fiber does, until it pauses.
  void resume() {
    leave(own_, outer_frames_);
    fiber_ = std::move(fiber_).resume();
    arrive(outer_frames_, nullptr);
  }
  /// Called on the fiber.
  void pause() {
    leave(from_, own_frames_);
    back_ = std::move(back_).resume();
    arrived();
  }

 private:
  void arrived() { arrive(own_frames_, &from_); }
#if defined(__SANITIZE_ADDRESS__)
  static void leave(Stack to, void*& frames) { __sanitizer_start_switch_fiber(&frames, to.bottom, to.size); }
  static void arrive(void* frames, Stack* from) {
    __sanitizer_finish_switch_fiber(frames, from ? &from->bottom : nullptr, from ? &from->size : nullptr);
  }
#else
  static void leave(Stack, void*) {}
  static void arrive(void*, Stack*) {}
#endif

  Stack own_, from_;
  void *own_frames_ = nullptr, *outer_frames_ = nullptr;
  bool ending_ = false;
  boost::context::fiber fiber_, back_;
};

struct Abandoned {};  // unwinds the threads of a block of which one has failed

enum class Wait { kNone, kBlock, kWarp, kShuffle, kBallot, kGather };

struct Thread {
  Place place;
  Wait wait = Wait::kNone;
  Where where;
  Fiber* fiber = nullptr;  // where it waits
  bool done = false;
  unsigned mask = 0, source = 0;    // of a warp operation
  std::uint64_t word = 0;           // what it brings to it, and takes from it
  std::span<const std::byte> mine;  // the same of a gather
  const std::byte* all = nullptr;
};

/// Who touched four bytes of shared memory last, and when: between which barriers of the block and of the warp.
struct Access {
  unsigned thread = 0;
  std::uint64_t block_time = 0, warp_time = 0;
};
struct Word {
  Access write, read, other_read;  // time 0: never; two readers at most, for one of them is not the writer
  bool written = false;
};

class Runner {
 public:
  void run(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body) {
    if (running_) meg::fail("simt: a kernel launched a kernel");
    const unsigned threads = block.x * block.y * block.z;
    if (threads == 0 || threads > 1024) meg::fail("simt: {} threads in a block; there are 1 to 1024", threads);
    if (shared_bytes > 227 * 1024)
      meg::fail("simt: {} bytes of shared memory; a block has at most 227 KB", shared_bytes);
    if (grid.y > 65535 || grid.z > 65535) meg::fail("simt: {} x {} blocks in y and z; 65535 at most", grid.y, grid.z);
    running_ = true;
    body_ = &body;
    shared_.resize(shared_bytes);
    words_.resize((shared_bytes + 3) / 4);
    for (unsigned z = 0; z < grid.z; ++z)
      for (unsigned y = 0; y < grid.y; ++y)
        for (unsigned x = 0; x < grid.x; ++x) run_block({x, y, z}, grid, block, threads);
    running_ = false;
  }

  const Place& place() const { return current_->place; }
  std::byte* shared() { return shared_.data(); }
  std::size_t shared_size() const { return shared_.size(); }

  std::uint64_t wait(Wait what, unsigned mask, std::uint64_t word, unsigned source, std::span<const std::byte> mine,
                     Where where) {
    Thread& self = *current_;
    self.wait = what, self.mask = mask, self.word = word, self.source = source, self.mine = mine, self.where = where;
    if (what != Wait::kBlock && !(mask >> number(self) % kWarp & 1))
      meg::fail("simt: thread {} is not in the mask of its own warp operation at {}", number(self), text(where));
    self.fiber = fiber_;
    fiber_->pause();
    if (failure_) throw Abandoned{};
    return self.word;
  }
  const std::byte* gathered() const { return current_->all; }

  void note(std::size_t begin, std::size_t size, bool writes, Where where) {
    const unsigned self = number(*current_);
    const Access now{self, block_time_, warp_time_[self / kWarp]};
    for (std::size_t w = begin / 4; w < (begin + size + 3) / 4; ++w) {
      Word& word = words_[w];
      if (!writes && !word.written)
        meg::fail("simt: thread {} reads shared memory that nobody wrote at {}", self, text(where));
      check_order(word.write, now, where);
      if (writes) check_order(word.read, now, where), check_order(word.other_read, now, where);
      if (writes) {
        word.write = now;
        word.written = true;
      } else if (word.read.thread != self) {
        word.other_read = word.read;
        word.read = now;
      } else {
        word.read = now;
      }
    }
  }

 private:
  static void check_order(const Access& before, const Access& now, Where where) {
    if (before.block_time != now.block_time || before.thread == now.thread) return;
    if (before.thread / kWarp != now.thread / kWarp || before.warp_time == now.warp_time)
      meg::fail("simt: threads {} and {} touch the same shared memory with no barrier between them at {}",
                before.thread, now.thread, text(where));
  }
  unsigned number(const Thread& thread) const { return static_cast<unsigned>(&thread - threads_.data()); }

  void run_block(dim3 at, dim3 grid, dim3 block, unsigned threads) {
    threads_.assign(threads, Thread{});
    for (unsigned t = 0; t < threads; ++t)
      threads_[t].place = {{t % block.x, t / block.x % block.y, t / block.x / block.y}, at, block, grid};
    std::fill(shared_.begin(), shared_.end(), std::byte{0xff});  // not a number
    std::fill(words_.begin(), words_.end(), Word{});
    warp_time_.assign((threads + kWarp - 1) / kWarp, 1);
    block_time_ = 1;
    next_ = 0;
    while (next_ < threads && !failure_) resume(idle_fiber());
    while (!failure_ && std::any_of(threads_.begin(), threads_.end(), [](const Thread& t) { return !t.done; })) {
      try {
        release();
      } catch (...) {
        failure_ = std::current_exception();
      }
      if (!failure_) resume_released();
    }
    if (!failure_) return;
    for (Thread& thread : threads_)
      if (thread.fiber && !thread.done) current_ = &thread, resume(*thread.fiber);  // throws Abandoned there
    running_ = false;
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  void resume(Fiber& fiber) {
    fiber_ = &fiber;
    fiber.resume();
  }

  void resume_released() {
    for (Thread& thread : threads_)
      if (!thread.done && thread.wait == Wait::kNone && !failure_) {
        current_ = &thread;
        resume(*thread.fiber);
      }
  }

  /// A fiber on which no thread waits.
  Fiber& idle_fiber() {
    if (idle_.empty()) {
      fibers_.push_back(std::make_unique<Fiber>([this](Fiber& self) {
        while (!self.ending()) {
          run_threads();
          idle_.push_back(&self);
          self.pause();
        }
      }));
      return *fibers_.back();
    }
    Fiber& fiber = *idle_.back();
    idle_.pop_back();
    return fiber;
  }

  void run_threads() {
    while (next_ < threads_.size() && !failure_) {
      Thread& self = threads_[next_++];
      current_ = &self;
      try {
        (*body_)();
      } catch (const Abandoned&) {
      } catch (...) {
        failure_ = std::current_exception();
      }
      self.done = true;
      self.wait = Wait::kNone;
    }
  }

  /// All threads wait or have ended: lets those go on for whom everybody is there.
  void release() {
    bool released = false;
    for (std::size_t first = 0; first < threads_.size(); first += kWarp)
      for (std::size_t t = first; t < std::min<std::size_t>(threads_.size(), first + kWarp); ++t)
        if (threads_[t].wait > Wait::kBlock) released |= release_warp(first, threads_[t]);
    if (released) return;
    const Thread& first = *std::find_if(threads_.begin(), threads_.end(), [](const Thread& t) { return !t.done; });
    for (const Thread& thread : threads_)
      if (thread.done || thread.wait != first.wait || !same(thread.where, first.where) || first.wait != Wait::kBlock)
        meg::fail("simt: thread {} waits at {} for thread {}, which {}", number(first), text(first.where),
                  number(thread), thread.done ? "has ended" : "waits at " + text(thread.where));
    ++block_time_;
    for (Thread& thread : threads_) thread.wait = Wait::kNone;
  }

  bool release_warp(std::size_t first, const Thread& asks) {
    const std::span<Thread> warp(&threads_[first], std::min<std::size_t>(kWarp, threads_.size() - first));
    const auto in_mask = [mask = asks.mask](std::size_t lane) { return (mask >> lane & 1) != 0; };
    const Wait what = asks.wait;
    for (std::size_t l = 0; l < warp.size(); ++l) {
      if (!in_mask(l)) continue;
      const Thread& other = warp[l];
      if (other.done)
        meg::fail("simt: thread {} waits at {} for lane {} of its warp, which has ended", number(asks),
                  text(asks.where), l);
      if (other.wait != what || other.mask != asks.mask || !same(other.where, asks.where)) return false;
    }
    std::array<std::uint64_t, kWarp> words{};
    unsigned bits = 0;
    for (std::size_t l = 0; l < warp.size(); ++l) {
      words[l] = warp[l].word;
      if (in_mask(l) && warp[l].word != 0) bits |= 1u << l;
    }
    if (what == Wait::kWarp) ++warp_time_[first / kWarp];
    if (what == Wait::kGather) snapshot(warp, first / kWarp);
    for (std::size_t l = 0; l < warp.size(); ++l) {
      Thread& thread = warp[l];
      if (!in_mask(l)) continue;
      if (what == Wait::kBallot) thread.word = bits;
      if (what == Wait::kShuffle && thread.source < warp.size()) {
        if (!in_mask(thread.source))
          meg::fail("simt: thread {} takes from lane {}, which is not in the mask at {}", number(thread), thread.source,
                    text(thread.where));
        thread.word = words[thread.source];
      }
      thread.wait = Wait::kNone;
    }
    return true;
  }

  /// What all lanes brought, side by side; there are two of them in turn, for a lane may be ahead of another by one.
  void snapshot(std::span<Thread> warp, std::size_t number) {
    if (warp.size() != kWarp) meg::fail("simt: a matrix instruction needs a whole warp");
    const std::size_t size = warp[0].mine.size();
    snapshots_.resize(std::max(snapshots_.size(), number + 1));
    auto& [turn, sides] = snapshots_[number];
    std::vector<std::byte>& all = sides[++turn % 2];
    all.resize(kWarp * size);
    for (std::size_t l = 0; l < kWarp; ++l) {
      std::copy(warp[l].mine.begin(), warp[l].mine.end(), all.begin() + static_cast<std::ptrdiff_t>(l * size));
      warp[l].all = all.data();
    }
  }

  const std::function<void()>* body_ = nullptr;
  bool running_ = false;
  std::exception_ptr failure_;
  std::vector<Thread> threads_;
  std::size_t next_ = 0;  // thread that has not begun
  Thread* current_ = nullptr;
  Fiber* fiber_ = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  std::vector<std::byte> shared_;
  std::vector<Word> words_;
  std::uint64_t block_time_ = 1;
  std::vector<std::uint64_t> warp_time_;
  struct Snapshots {
    unsigned turn = 0;
    std::array<std::vector<std::byte>, 2> sides;
  };
  std::vector<Snapshots> snapshots_;  // of a warp
};

Runner& runner() {
  static Runner runner;
  return runner;
}

}  // namespace

const Place& place() { return runner().place(); }
void run(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread) {
  runner().run(grid, block, shared_bytes, thread);
}
void block_barrier(Where where) { runner().wait(Wait::kBlock, 0, 0, 0, {}, where); }
void warp_barrier(unsigned mask, Where where) { runner().wait(Wait::kWarp, mask, 0, 0, {}, where); }
std::uint64_t shuffle(unsigned mask, std::uint64_t mine, unsigned source, Where where) {
  return runner().wait(Wait::kShuffle, mask, mine, source, {}, where);
}
unsigned ballot(unsigned mask, bool condition, Where where) {
  return static_cast<unsigned>(runner().wait(Wait::kBallot, mask, condition, 0, {}, where));
}
const std::byte* gather(std::span<const std::byte> mine, Where where) {
  runner().wait(Wait::kGather, 0xffffffff, 0, 0, mine, where);
  return runner().gathered();
}

namespace {

/// The fragments of a lane, as it hands them to a matrix instruction.
struct Fragments {
  unsigned a[4], b[2];
};

/// d += a b of the whole warp, [16, 8] += [16, depth] [depth, 8], where a_of(row, k) and b_of(k, column) find an
/// element in the fragments of all lanes.
template <class A, class B>
void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], unsigned depth, Where where,
                  const A& a_of, const B& b_of) {
  Fragments mine;
  std::copy_n(a, 4, mine.a);
  std::copy_n(b, 2, mine.b);
  std::array<Fragments, kWarp> all;
  std::memcpy(all.data(), gather(std::as_bytes(std::span(&mine, 1)), where), sizeof all);
  const unsigned i = lane() / 4, j = lane() % 4;
  for (unsigned n = 0; n < 4; ++n)
    for (unsigned k = 0; k < depth; ++k) d[n] += a_of(all, i + n / 2 * 8, k) * b_of(all, k, 2 * j + n % 2);
}

float bf16(unsigned word, unsigned half) { return std::bit_cast<float>(half == 0 ? word << 16 : word & 0xffff0000u); }

}  // namespace

void multiply_add_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Where where) {
  multiply_add(
      d, a, b, 8, where,
      [](const auto& all, unsigned row, unsigned k) {
        return std::bit_cast<float>(all[row % 8 * 4 + k % 4].a[row / 8 + k / 4 * 2]);
      },
      [](const auto& all, unsigned k, unsigned column) {
        return std::bit_cast<float>(all[column * 4 + k % 4].b[k / 4]);
      });
}

void multiply_add_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Where where) {
  multiply_add(
      d, a, b, 16, where,
      [](const auto& all, unsigned row, unsigned k) {
        return bf16(all[row % 8 * 4 + k % 8 / 2].a[row / 8 + k / 8 * 2], k % 2);
      },
      [](const auto& all, unsigned k, unsigned column) { return bf16(all[column * 4 + k % 8 / 2].b[k / 8], k % 2); });
}

void note_read(std::size_t begin, std::size_t size, Where where) { runner().note(begin, size, false, where); }
void note_write(std::size_t begin, std::size_t size, Where where) { runner().note(begin, size, true, where); }
std::byte* shared_memory() { return runner().shared(); }
std::size_t shared_size() { return runner().shared_size(); }
void out_of_bounds(std::size_t index, std::size_t size, Where where) {
  meg::fail("simt: element {} of {} in shared memory at {}", index, size, text(where));
}

}  // namespace simt
