#include "core/fail.h"
#include "core/report/assets.h"
#include "core/report/report.h"

namespace meg {

namespace {

/// JSON for a <script> element: nothing in it can end the element or begin a comment, and it stays the same JSON.
std::string inside_script(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json)
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  return out;
}

}  // namespace

bool can_draw_reports() { return !assets::plotly().empty(); }

std::string report_page(const std::string& json) {
  if (!can_draw_reports())
    fail(
        "this meg was built without plotly.js, which draws the report: run scripts/install_dependencies (or "
        "`pip install plotly`, or cmake -DMEG_PLOTLY=/path/to/plotly.min.js), then configure and build again");
  const std::string data = inside_script(json);
  std::string out;
  std::string_view rest = assets::html();
  const auto fill = [&](std::string_view mark, std::string_view with) {
    const std::size_t at = rest.find(mark);
    out.append(rest.substr(0, at)).append(with);
    rest.remove_prefix(at + mark.size());
  };
  fill("{{style}}", assets::css());
  fill("{{data}}", data);
  fill("{{plotly}}", assets::plotly());
  fill("{{script}}", assets::script());
  return out.append(rest);
}

}  // namespace meg
