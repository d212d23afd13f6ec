// Prints what was measured, and writes it as tables for peers.py and for the folder of results.
#pragma once

#include <string>
#include <vector>

#include "core/gpu/driver.h"
#include "machine.h"
#include "measure.h"
#include "tasks.h"

namespace kernelops::benchmark {

/// Where tables go: a folder, and the part of their names and columns that says when.
struct Place {
  std::string folder;
  std::string date;
  std::string time;
};

/// Here and now.
Place place_in(const std::string& folder);

/// What happens once in a process or a call.
struct Latencies {
  double start_seconds = 0;  // driver and device
  double overhead_seconds = 0;
};

void report_machine(const Place& place, const DeviceProperties& device, const MachineReport& report,
                    const Latencies& latencies);

/// Prints the head of the table of tasks.
void print_head();

/// Prints a task and writes it at once, so that an early end loses nothing.
void report_task(const Place& place, const std::string& device, const Hardware& hardware,
                 const TaskReport& report);

/// Adds the values that a task was checked against to a file, for peers.py.
void write_reference(const std::string& path, const TaskReport& report);

}  // namespace kernelops::benchmark
