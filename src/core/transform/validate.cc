#include "core/support/small_code.h"

#include "core/transform/validate.h"

#include "core/support/error.h"
#include "core/syntax/builder.h"

namespace kernelops {

void validate_result(Expr root) {
  if (is_result(root, nullptr)) return;
  throw Error(ErrorKind::unsupported,
              "the formula must be a reduction, such as `Sum_Reduction(F, 0)`, or be made of "
              "reductions that are indexed alike; it computes a value for each pair of rows");
}

void validate_expanded(Expr root) {
  KERNELOPS_CHECK((root->dependence & kDependsOnI) == 0 || (root->dependence & kDependsOnJ) == 0);
  for (Expr node : topological({root})) {
    KERNELOPS_CHECK(node->kind != NodeKind::operation || (node->op->kind != OpKind::differential &&
                                                          node->op->kind != OpKind::composite));
  }
}

}  // namespace kernelops
