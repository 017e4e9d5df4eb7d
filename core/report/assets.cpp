#include "core/report/assets.h"

// C++20 has no #embed; the assembler takes a file's bytes as they are.
// clang-format off
#define MEG_FILE(path) ".incbin \"" path "\"\n"
#define MEG_PAGE(file) MEG_FILE(MEG_REPORT_PAGE "/" file)
#define MEG_EMBED(name, files)                                                                  \
  asm(".pushsection .rodata\n"                                                                  \
      ".global meg_" #name "_begin, meg_" #name "_end\n"                                        \
      "meg_" #name "_begin:\n" files "meg_" #name "_end:\n"                                     \
      ".popsection\n");                                                                         \
  extern "C" const char meg_##name##_begin[], meg_##name##_end[];                               \
  std::string_view meg::assets::name() { return {meg_##name##_begin, meg_##name##_end}; }

MEG_EMBED(html, MEG_PAGE("page.html"))
MEG_EMBED(css, MEG_PAGE("page.css"))
MEG_EMBED(script, MEG_PAGE("words.js") MEG_PAGE("charts.js") MEG_PAGE("verdict.js") MEG_PAGE("columns.js")
                  MEG_PAGE("pairs.js") MEG_PAGE("components.js") MEG_PAGE("training.js") MEG_PAGE("privacy.js")
                  MEG_PAGE("numbers.js"))
#ifdef MEG_PLOTLY
MEG_EMBED(plotly, MEG_FILE(MEG_PLOTLY))
#else
std::string_view meg::assets::plotly() { return {}; }
#endif
