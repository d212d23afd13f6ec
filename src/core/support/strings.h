// Small text helpers used by error messages and printers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kernelops {

/// The texts joined with `separator` between them.
std::string join(const std::vector<std::string>& texts, std::string_view separator);

/// The texts as a sentence lists them: "a, b and c", with `last` between the last two.
std::string listed(const std::vector<std::string>& texts, std::string_view last);

/// The shortest decimal text that reads back as exactly this number; "inf", "-inf" and "nan" for
/// what is not finite.
std::string number_text(double value);

/// At most `most` of the candidates that a reader may have meant by `word`: nearest first by edit
/// distance, case ignored, none that differ in more than a third of their letters.
std::vector<std::string> nearest_words(std::string_view word,
                                       const std::vector<std::string>& candidates,
                                       std::size_t most = 3);

/// "; did you mean `a`, `b` or `c`?" for the nearest candidates, only those that are equal but for
/// case if there are any, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace kernelops
