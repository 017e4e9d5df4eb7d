#include "core/report/assets.h"

// C++20 has no #embed; the assembler takes a file's bytes as they are.
#define MEG_EMBED(name, path)                                     \
  asm(".pushsection .rodata\n"                                    \
      ".global meg_" #name "_begin, meg_" #name                   \
      "_end\n"                                                    \
      "meg_" #name                                                \
      "_begin:\n"                                                 \
      ".incbin \"" path                                           \
      "\"\n"                                                      \
      "meg_" #name                                                \
      "_end:\n"                                                   \
      ".byte 0\n"                                                 \
      ".popsection\n");                                           \
  extern "C" const char meg_##name##_begin[], meg_##name##_end[]; \
  std::string_view meg::assets::name() { return {meg_##name##_begin, meg_##name##_end}; }

MEG_EMBED(html, MEG_REPORT_SOURCE "/page.html")
MEG_EMBED(css, MEG_REPORT_SOURCE "/page.css")
MEG_EMBED(script, MEG_REPORT_SOURCE "/page.js")
#ifdef MEG_PLOTLY
MEG_EMBED(plotly, MEG_PLOTLY)
#else
std::string_view meg::assets::plotly() { return {}; }
#endif
