#include "core/support/small_code.h"

#include "core/ops/user_rows.h"

#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>

namespace kernelops {

namespace {

struct Registry {
  std::list<OpDef> rows;
  std::map<std::string, const OpDef*, std::less<>> by_name;
};

Registry& registry() {
  static Registry registry;
  return registry;
}

}  // namespace

const OpDef& add_user_row(OpDef row) {
  registry().rows.push_back(std::move(row));
  const OpDef& added = registry().rows.back();
  registry().by_name[added.name] = &added;
  return added;
}

const OpDef* find_user_row(std::string_view name) {
  const auto found = registry().by_name.find(name);
  return found == registry().by_name.end() ? nullptr : found->second;
}

std::vector<const OpDef*> user_rows() {
  std::vector<const OpDef*> out;
  for (const auto& [name, row] : registry().by_name) out.push_back(row);
  return out;
}

void restore_user_row(const std::string& name, const OpDef* before) {
  if (before == nullptr) {
    registry().by_name.erase(name);
  } else {
    registry().by_name[name] = before;
  }
}

std::size_t user_rows_version() { return registry().rows.size(); }

}  // namespace kernelops
