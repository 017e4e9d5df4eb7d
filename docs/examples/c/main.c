/* Learns a table, keeps the model in memory, and prints rows like the table's, by meg's C interface and Arrow's:
 *
 *     c_example people.csv
 *
 * Returns 0, or the code of what went wrong. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meg/arrow.h"
#include "meg/c_api.h"

/* Prints what failed, and ends the program. */
static void check(int code, const char* message) {
  if (code == MEG_OK) return;
  fprintf(stderr, "c_example: %s\n", message);
  exit(code);
}

static void print_line(void* context, const meg_model* model, const char* line) {
  (void)model;
  fprintf(context, "%s\n", line);
}

static int is_valid(const struct ArrowArray* column, int64_t row) {
  const uint8_t* bits = column->buffers[0];
  return !bits || (bits[row / 8] >> (row % 8) & 1);
}

/* Cell `row` of a column of whole numbers, numbers or texts; others are passed over. */
static void print_cell(const struct ArrowSchema* type, const struct ArrowArray* column, int64_t row) {
  const int64_t at = column->offset + row;
  if (!is_valid(column, at)) {
    printf("missing");
  } else if (strcmp(type->format, "l") == 0) {
    printf("%" PRId64, ((const int64_t*)column->buffers[1])[at]);
  } else if (strcmp(type->format, "g") == 0) {
    printf("%g", ((const double*)column->buffers[1])[at]);
  } else if (type->dictionary) {
    print_cell(type->dictionary, column->dictionary, ((const int32_t*)column->buffers[1])[at]);
  } else if (strcmp(type->format, "u") == 0) {
    const int32_t* offsets = column->buffers[1];
    printf("%.*s", (int)(offsets[at + 1] - offsets[at]), (const char*)column->buffers[2] + offsets[at]);
  } else {
    printf("(%s)", type->format);
  }
}

static void print_rows(struct ArrowArrayStream* rows) {
  struct ArrowSchema schema;
  struct ArrowArray some;
  if (rows->get_schema(rows, &schema) != 0) check(MEG_INTERNAL, rows->get_last_error(rows));
  for (;;) {
    if (rows->get_next(rows, &some) != 0) check(MEG_INTERNAL, rows->get_last_error(rows));
    if (!some.release) break;
    for (int64_t row = 0; row < some.length; ++row)
      for (int64_t column = 0; column < some.n_children; ++column) {
        printf("%s%s ", column == 0 ? "" : ", ", schema.children[column]->name);
        print_cell(schema.children[column], some.children[column], row);
        if (column + 1 == some.n_children) printf("\n");
      }
    some.release(&some);
  }
  schema.release(&schema);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: c_example TABLE\n");
    return 2;
  }
  const meg_option options[] = {{"seed", "1"}, {"epochs", "20"}, {"refine_steps", "0"}};
  const meg_callbacks callbacks = {.context = stderr, .on_progress = print_line};
  meg_model *trained, *model;
  char* message = NULL;
  int code = meg_train_file(argv[1], options, 3, &callbacks, &trained, &message);
  check(code, message);

  void* bytes;
  size_t size;
  code = meg_save_bytes(trained, &bytes, &size, &message);
  check(code, message);
  meg_free_model(trained);
  code = meg_load_bytes(bytes, size, NULL, 0, &model, &message);
  check(code, message);
  meg_free(bytes);

  struct ArrowArrayStream rows;
  code = meg_generate(model, 0, 5, 7, &rows, &message);
  check(code, message);
  meg_free_model(model); /* the stream keeps what it needs */
  print_rows(&rows);
  rows.release(&rows);
  return 0;
}
