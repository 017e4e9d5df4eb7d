#ifndef MEG_C_API_H
#define MEG_C_API_H

#include <stddef.h>
#include <stdint.h>

/* meg for programs in C and for whoever calls C: tables go in and out over the Arrow C stream interface (meg/arrow.h,
 * or any other header of it). A function that is here never changes; what is new gets a new name.
 *
 * Every function that can fail returns a code, MEG_OK or what is wrong, and writes a sentence to *message where it is
 * given: free it with meg_free. What a call was to return is left as it was then. No function throws, and there is no
 * state but that of the handles. Texts are UTF-8 and end with a zero byte.
 *
 * Streams that are given are taken: their release is null afterwards, whatever the call returns. Streams that are
 * returned are the caller's to release, and stay valid where the model is freed before.
 *
 * Functions that take a const model may be called from any number of threads at once. */

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowArrayStream;

typedef struct meg_model meg_model;

/* What a caller can do about an error; see meg/error.h. */
enum {
  MEG_OK = 0,
  MEG_INVALID_ARGUMENT = 1,
  MEG_FILE = 2,
  MEG_BAD_DATA = 3,
  MEG_NOT_TRAINED = 4,
  MEG_UNSUPPORTED = 5,
  MEG_DIVERGED = 6,
  MEG_DEVICE = 7,
  MEG_BUSY = 8,
  MEG_OUT_OF_MEMORY = 9,
  MEG_INTERNAL = 10 /* a fault of meg itself */
};

/* A name and its value as text: "seed" and "1", "any_order" and "true"; `meg train --help` lists the options with
 * dashes for underscores, and meg/options.h has all. Training also knows "epochs" and "batch_size". */
typedef struct meg_option {
  const char* name;
  const char* value;
} meg_option;

/* What training calls, each may be null. `line` is a JSON object: {"phase": "warm-up", "epoch": 1, "of": 20, "loss":
 * ...}. Training stops where keep_going returns 0, and the model is what it has learned until then. They may use the
 * model that they are given, but neither keep nor free it, and must not throw. */
typedef struct meg_callbacks {
  void* context;
  void (*on_progress)(void* context, const meg_model* model, const char* line);
  int (*keep_going)(void* context);
} meg_callbacks;

/* "0.1.0" */
const char* meg_version(void);
/* Frees a text or bytes that a function here returned; null is fine. */
void meg_free(void* memory);

/* Learns a table. `callbacks` may be null. */
int meg_train(struct ArrowArrayStream* rows, const meg_option* options, size_t option_count,
              const meg_callbacks* callbacks, meg_model** model, char** message);
/* The same of a file or folder, as `meg train` reads it. */
int meg_train_file(const char* path, const meg_option* options, size_t option_count, const meg_callbacks* callbacks,
                   meg_model** model, char** message);
void meg_free_model(meg_model* model);

int meg_save(const meg_model* model, const char* path, char** message);
int meg_save_bytes(const meg_model* model, void** bytes, size_t* size, char** message);
/* Of the options device, threads and precision are used. */
int meg_load(const char* path, const meg_option* options, size_t option_count, meg_model** model, char** message);
int meg_load_bytes(const void* bytes, size_t size, const meg_option* options, size_t option_count, meg_model** model,
                   char** message);

/* Rows first_row ... first_row + rows - 1 of the table that the seed stands for, some thousands at a time. */
int meg_generate(const meg_model* model, uint64_t first_row, uint64_t rows, uint64_t seed, struct ArrowArrayStream* out,
                 char** message);
/* The same under conditions ("income=>50K", "age=20..30") and beside given cells; see docs/conditions.md. `given` may
 * be null; temperature is 1 for the model's own distribution. */
int meg_generate_where(const meg_model* model, uint64_t first_row, uint64_t rows, uint64_t seed,
                       const char* const* conditions, size_t condition_count, struct ArrowArrayStream* given,
                       float temperature, struct ArrowArrayStream* out, char** message);
/* The rows with their missing cells filled. `counts`, where given: a JSON object of meg/imputed.h. */
int meg_impute(const meg_model* model, struct ArrowArrayStream* rows, uint64_t seed, uint32_t draw,
               struct ArrowArrayStream* out, char** counts, char** message);
/* Log-likelihoods of rows, in nats: a table of "log_likelihood" and, after it, one column for each that the model has
 * learned; see meg/scores.h. */
int meg_score(const meg_model* model, struct ArrowArrayStream* rows, struct ArrowArrayStream* out, char** message);
/* Measures a synthetic table beside the real one: the JSON that `meg evaluate --json` writes. Options: "target" (a
 * column's name), "quick" ("true" leaves out what takes long), "threads", "rules" (a line each). `test` may be null:
 * real rows that nobody learned from; "c2st_test_auc" says whether trees can tell synthetic rows from them (0.5: they
 * cannot). */
int meg_evaluate(struct ArrowArrayStream* real, struct ArrowArrayStream* synthetic, struct ArrowArrayStream* test,
                 const meg_option* options, size_t option_count, char** json, char** message);

/* The columns, as `meg schema` writes them: a JSON array. */
int meg_schema(const meg_model* model, char** json, char** message);
/* What is in a model, as `meg inspect --json` prints it: a JSON object. */
int meg_describe(const meg_model* model, char** json, char** message);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* MEG_C_API_H */
