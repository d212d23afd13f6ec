#include "report.h"

#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>

#include "core/support/error.h"
#include "core/support/strings.h"

namespace kernelops::benchmark {
namespace {

std::string text(double value) {
  std::ostringstream out;
  out.precision(15);
  out << value;
  return out.str();
}

std::string quoted(const std::string& value) {
  std::string out = "\"";
  for (const char letter : value) {
    if (letter == '"') out += '"';
    out += letter == '\n' ? ' ' : letter;
  }
  return out + "\"";
}

// One line of a table, with the names of its columns.
class Line {
 public:
  Line& add(const char* column, const std::string& value) {
    names_ += (names_.empty() ? "" : ",") + std::string(column);
    values_ += (values_.empty() ? "" : ",") + quoted(value);
    return *this;
  }
  Line& add(const char* column, double value) { return add(column, text(value)); }
  Line& add(const char* column, std::int64_t value) { return add(column, std::to_string(value)); }

  const std::string& names() const { return names_; }
  const std::string& values() const { return values_; }

 private:
  std::string names_;
  std::string values_;
};

std::string path_of(const Place& place, const char* name) {
  return place.folder + "/gpu-" + name + "-" + place.time + ".csv";
}

// Adds a line to a file of comma-separated values, which begins with the names of the columns.
void append(const std::string& path, const Line& line) {
  std::ofstream file(path, std::ios::app);
  if (!file) throw Error(ErrorKind::argument, "cannot write " + path);
  if (file.tellp() == std::ofstream::pos_type(0)) file << line.names() << "\n";
  file << line.values() << "\n";
}

std::string now(const char* format) {
  const std::time_t seconds = std::time(nullptr);
  char out[64];
  std::strftime(out, sizeof out, format, std::gmtime(&seconds));
  return out;
}

// "met" or "missed" where there is a goal.
const char* verdict(double goal, double reached) {
  if (goal == 0) return "";
  return reached >= goal ? "met" : "missed";
}

}  // namespace

Place place_in(const std::string& folder) {
  return {folder, now("%Y-%m-%d %H:%M:%S"), now("%Y-%m-%d-%H%M%S")};
}

void report_machine(const Place& place, const DeviceProperties& device, const MachineReport& report,
                    const Latencies& latencies) {
  const std::string path = path_of(place, "machine");
  const auto add = [&](const std::string& what, double value, const std::string& unit,
                       double of_cycle, double expected) {
    std::printf("  %-42s %12.4g %-10s", what.c_str(), value, unit.c_str());
    if (of_cycle > 0) std::printf(" %7.1f a cycle, expected %.1f", of_cycle, expected);
    std::printf("\n");
    append(path, Line()
                     .add("what", what)
                     .add("value", value)
                     .add("unit", unit)
                     .add("of_a_cycle", of_cycle)
                     .add("expected", expected)
                     .add("device", device.name)
                     .add("date", place.date));
  };
  std::printf("%s, compute capability %s\n", device.name.c_str(),
              capability_text(device.architecture).c_str());
  add("multiprocessors", device.processors, "", 0, 0);
  add("clock under load", report.clock_hertz, "Hz", 0, 0);
  add("clock that the driver names", 1e3 * device.clock_kilohertz, "Hz", 0, 0);
  for (const Ceiling& each : report.ceilings) {
    add(each.name, each.per_second, each.unit + "/s", each.per_cycle, each.expected_per_cycle);
    if (!each.failure.empty()) std::printf("    failed: %s\n", each.failure.c_str());
  }
  add("start of driver and device", 1e3 * latencies.start_seconds, "ms", 0, 0);
  add("warm call of 10 x 10 (goal: 30)", 1e6 * latencies.overhead_seconds, "us", 0, 0);
  std::printf("written: %s\n\n", path.c_str());
}

void print_head() {
  std::printf("%-25s %-12s %9s %9s %8s %10s %10s %9s %9s %6s %9s %-6s %9s\n", "task", "variant",
              "M", "N", "first ms", "call ms", "device ms", "pairs/s", "limit", "of it", "goal", "",
              "error");
}

void report_task(const Place& place, const std::string& device, const Hardware& hardware,
                 const TaskReport& report) {
  const Task& task = report.task;
  const Words& words = words_of(task.kind);
  for (const Measurement& each : report.measurements) {
    const Target& target = each.variant == kExact ? task.exact : task.tensor;
    const double pairs = static_cast<double>(each.rows) * static_cast<double>(task.columns);
    const double rate = each.device_seconds > 0 ? pairs / each.device_seconds : 0;
    const double limit = limit_of(task, target.cost, hardware, each.rows);
    const double of_limit = limit > 0 ? rate / limit : 0;
    const char* met = verdict(target.goal, rate);
    std::printf(
        "%-25s %-12s %9lld %9lld %8.1f %10.3f %10.3f %9.3g %9.3g %6.3f %9.3g %-6s %9.2g%s\n",
        task.name, each.variant.c_str(), static_cast<long long>(each.rows),
        static_cast<long long>(task.columns), 1e3 * each.first_seconds, 1e3 * each.call_seconds,
        1e3 * each.device_seconds, rate, limit, of_limit, target.goal, met, each.relative_error,
        each.is_right()        ? ""
        : each.failure.empty() ? "  WRONG"
                               : "  FAILED");
    if (!each.failure.empty()) std::printf("  %s\n", each.failure.c_str());
    if (each.rows < task.rows && each.failure.empty()) {
      std::printf("  (a call with all %lld rows takes too long: timed with fewer)\n",
                  static_cast<long long>(task.rows));
    }
    append(path_of(place, "tasks"), Line()
                                        .add("task", task.name)
                                        .add("variant", each.variant)
                                        .add("kind", words.name)
                                        .add("reduction", words.reduction)
                                        .add("formula", words.formula)
                                        .add("second", words.second)
                                        .add("declarations", join(declarations(task), ";"))
                                        .add("D", std::to_string(task.dimension))
                                        .add("M", each.rows)
                                        .add("M_of_task", task.rows)
                                        .add("N", task.columns)
                                        .add("precision", task.float64 ? "float64" : "float32")
                                        .add("scale", task.scale)
                                        .add("first_ms", 1e3 * each.first_seconds)
                                        .add("call_ms", 1e3 * each.call_seconds)
                                        .add("device_ms", 1e3 * each.device_seconds)
                                        .add("launches", std::to_string(each.launches))
                                        .add("pairs_per_second", rate)
                                        .add("limit", limit)
                                        .add("of_limit", of_limit)
                                        .add("goal", target.goal)
                                        .add("goal_met", met)
                                        .add("over_keops", target.over_keops)
                                        .add("relative_error", each.relative_error)
                                        .add("tolerance", each.tolerance)
                                        .add("right", each.is_right() ? "TRUE" : "FALSE")
                                        .add("failure", each.failure)
                                        .add("device", device)
                                        .add("date", place.date));
  }
  std::fflush(stdout);
}

void write_reference(const std::string& path, const TaskReport& report) {
  for (std::size_t n = 0; n < report.reference.rows.size(); ++n) {
    for (std::size_t k = 0; k < report.reference.values[n].size(); ++k) {
      append(path, Line()
                       .add("task", report.task.name)
                       .add("row", report.reference.rows[n])
                       .add("component", std::to_string(k))
                       .add("value", report.reference.values[n][k]));
    }
  }
}

}  // namespace kernelops::benchmark
