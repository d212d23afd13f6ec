#include "support/cuda_on_cpu.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace kernelops::testing {
namespace {

// The end of what begins at `at` and is no code: a comment or a text in quotes; `at` if it is code.
std::size_t skip_quiet(const std::string& text, std::size_t at) {
  const auto after = [&](const char* end, std::size_t from) {
    const std::size_t found = text.find(end, from);
    return found == std::string::npos ? text.size() : found + std::char_traits<char>::length(end);
  };
  if (text.compare(at, 2, "//") == 0) return after("\n", at) - 1;
  if (text.compare(at, 2, "/*") == 0) return after("*/", at + 2);
  if (text[at] != '"' && text[at] != '\'') return at;
  // A quote inside a number separates its digits.
  if (text[at] == '\'' && at > 0 && std::isxdigit(static_cast<unsigned char>(text[at - 1]))) {
    return at;
  }
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != text[at]) end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

// The place after the bracket that closes the first `open` from `at` on.
std::size_t after_brackets(const std::string& text, std::size_t at, char open, char close) {
  int depth = 0;
  while (at < text.size()) {
    const std::size_t next = skip_quiet(text, at);
    if (next > at) {
      at = next;
      continue;
    }
    if (text[at] == open) ++depth;
    if (text[at] == close && --depth == 0) return at + 1;
    ++at;
  }
  return at;
}

// Shared memory whose size the launch says.
std::string with_dynamic_shared(const std::string& text) {
  static const std::regex declaration(
      R"(extern\s+__shared__\s+(?:__align__\s*\([^)]*\)\s*)?([A-Za-z_][\w:<> ]*?)\s+(\w+)\s*\[\s*\]\s*;)");
  return std::regex_replace(
      text, declaration,
      "$1* const $2 = reinterpret_cast<$1*>(::kernelops_shim::dynamic_shared());");
}

std::string with_entries(const std::string& text) {
  // Only those of C have names that a driver is asked for.
  static const std::string word = "extern \"C\" __global__";
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = skip_quiet(text, at);
    if (text.compare(at, word.size(), word) != 0) {
      at = std::max(next, at + 1);
      continue;
    }
    std::string threads = "1024";
    std::size_t name_from = at + word.size();
    const std::size_t body = text.find('{', at);
    const std::size_t bounds = text.find("__launch_bounds__", at);
    if (bounds < body) {
      const std::size_t open = text.find('(', bounds);
      name_from = after_brackets(text, open, '(', ')');
      const std::string inside = text.substr(open + 1, name_from - open - 2);
      threads = inside.substr(0, inside.find(','));
    }
    const std::size_t open = text.find('(', name_from);
    std::size_t end = open;
    while (end > name_from && std::isspace(static_cast<unsigned char>(text[end - 1]))) --end;
    std::size_t begin = end;
    while (begin > name_from &&
           (std::isalnum(static_cast<unsigned char>(text[begin - 1])) || text[begin - 1] == '_')) {
      --begin;
    }
    const std::string name = text.substr(begin, end - begin);
    at = after_brackets(text, open, '(', ')');
    // What is only declared has no entry.
    const std::size_t mark = text.find_first_of("{;", at);
    if (mark == std::string::npos || text[mark] == ';') continue;
    at = after_brackets(text, mark, '{', '}');
    out +=
        text.substr(copied, at - copied) + " KERNELOPS_SHIM_ENTRY(" + name + ", (" + threads + "))";
    copied = at;
  }
  return out + text.substr(copied);
}

}  // namespace

std::string cuda_on_cpu(const std::string& cuda, const std::string& name) {
  return "#include \"support/cuda_shim.h\"\n#line 1 \"" + name + "\"\n" +
         with_entries(with_dynamic_shared(cuda));
}

std::vector<std::string> cuda_on_cpu_command(const std::string& compiler,
                                             const std::vector<std::string>& include_directories,
                                             const std::string& source,
                                             const std::string& library) {
  std::vector<std::string> out = {compiler,
                                  "-std=c++17",
                                  "-O1",
                                  "-march=native",
                                  "-fno-strict-aliasing",
                                  "-fno-exceptions",
                                  "-fno-rtti",
                                  "-w",
                                  "-shared",
                                  "-fPIC",
                                  "-fvisibility=hidden",
                                  "-iquote",
                                  KERNELOPS_TEST_DIR};
  // Not among those of the system's headers, of which ours have the names.
  for (const std::string& directory : include_directories) {
    out.push_back("-iquote");
    out.push_back(directory);
  }
  for (const std::string& word : {source, std::string("-o"), library}) out.push_back(word);
  return out;
}

}  // namespace kernelops::testing
