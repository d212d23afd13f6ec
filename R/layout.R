# The layered layout of a graph of operations: inputs on top, results at the bottom, arrows down.
#
# Every node stands just above the first operation that needs it. An edge over several layers passes
# through gaps that are kept free for it, one gap for each source and layer, so that edges of the
# same source run together. Within a layer the order is chosen to cross few edges, and to have the
# arguments of an operation from left to right.

# `edges` lead from earlier to later nodes; `widths` are those of the nodes, `gap` is the least
# distance between two. `ordered` says of which nodes the order of the arguments matters. Returns
# the centres `x` and the `layer` of each node (1 is the top one) and the routes of the edges.
layered_layout <- function(edges, widths, gap, ordered) {
  nodes <- length(widths)
  layer <- node_layers(nodes, edges)
  graph <- split_long_edges(layer, edges)
  graph$turns <- argument_pairs(graph, edges, ordered)
  widths <- c(widths, rep(0, length(graph$layer) - nodes))
  x <- place_layers(graph, order_layers(graph), widths, gap)
  list(
    x = x[seq_len(nodes)], layer = layer,
    routes = edge_routes(graph, edges, x, widths, gap),
    width = max(x + widths / 2) - min(x - widths / 2), left = min(x - widths / 2)
  )
}

# Results are at the bottom; all others one layer above the highest of those that use them.
node_layers <- function(count, edges) {
  height <- integer(count)
  for (node in rev(seq_len(count))) {
    height[node] <- max(-1L, height[edges$to[edges$from == node]]) + 1L
  }
  max(height) - height + 1L
}

# Adds places between the layers of an edge. `links` are pairs of places in adjacent layers, and
# `path` are the places of each edge.
split_long_edges <- function(layer, edges) {
  places <- new.env()
  path <- vector("list", nrow(edges))
  for (e in seq_len(nrow(edges))) {
    from <- edges$from[e]
    between <- seq_len(layer[edges$to[e]] - layer[from] - 1L) + layer[from]
    for (passed in between) {
      key <- paste(from, passed)
      if (is.null(places[[key]])) {
        layer <- c(layer, passed)
        places[[key]] <- length(layer)
      }
    }
    passed <- vapply(paste(rep(from, length(between)), between), function(key) places[[key]], 0L)
    path[[e]] <- c(from, unname(passed), edges$to[e])
  }
  pairs <- lapply(path, function(places) cbind(places[-length(places)], places[-1L]))
  links <- unique(do.call(rbind, c(list(matrix(0L, 0L, 2L)), pairs)))
  list(layer = layer, path = path, links = links)
}

# The last places before a node that the first and the next of its arguments come from, where their
# order matters: the first one should be on the left.
argument_pairs <- function(graph, edges, ordered) {
  before <- vapply(graph$path, function(path) path[length(path) - 1L], 0L)
  pairs <- lapply(which(ordered), function(node) {
    into <- which(edges$to == node)
    into <- before[into[order(edges$argument[into])]]
    cbind(into[-length(into)], into[-1L])
  })
  do.call(rbind, c(list(matrix(0L, 0L, 2L)), pairs))
}

# Numbers of places in the order in which a walk from the results to their arguments meets them.
walk_order <- function(graph) {
  last <- vapply(graph$path, function(path) path[length(path)], 0L)
  number <- integer(length(graph$layer))
  met <- 0L
  visit <- function(place) {
    if (number[place] > 0L) {
      return()
    }
    met <<- met + 1L
    number[place] <<- met
    for (e in which(last == place)) {
      for (passed in rev(graph$path[[e]])[-1L]) visit(passed)
    }
  }
  for (place in seq_along(number)[!seq_along(number) %in% graph$links[, 1L]]) visit(place)
  number
}

# The places of each layer from left to right.
order_layers <- function(graph) {
  first <- walk_order(graph)
  start <- lapply(seq_len(max(graph$layer)), function(k) {
    places <- which(graph$layer == k)
    places[order(first[places])]
  })
  best <- start
  least <- disorder(graph, start)
  for (down_first in c(FALSE, TRUE)) {
    layers <- start
    for (down in rep(c(down_first, !down_first), 6L)) {
      if (least == 0) {
        return(best)
      }
      layers <- sort_layers(graph, layers, down)
      now <- disorder(graph, layers)
      if (now < least) {
        best <- layers
        least <- now
      }
    }
  }
  best
}

# One sweep: every layer sorted by that before it, downwards or upwards.
sort_layers <- function(graph, layers, down) {
  numbers <- if (down) seq_along(layers) else rev(seq_along(layers))
  for (k in numbers[-1L]) {
    layers[[k]] <- sort_layer(graph, layers, k, if (down) k - 1L else k + 1L)
  }
  layers
}

# A layer sorted by the mean position of each place's neighbours in another layer.
sort_layer <- function(graph, layers, k, other) {
  position <- integer(length(graph$layer))
  position[layers[[other]]] <- seq_along(layers[[other]])
  own <- seq_along(layers[[k]])
  wanted <- vapply(own, function(at) {
    near <- neighbours(graph, layers[[k]][at], other)
    if (length(near) == 0L) NA_real_ else mean(position[near])
  }, 0)
  # Those without neighbours keep their positions.
  movable <- which(!is.na(wanted))
  sorted <- layers[[k]]
  sorted[movable] <- layers[[k]][movable[order(wanted[movable])]]
  sorted
}

neighbours <- function(graph, place, layer) {
  near <- c(
    graph$links[graph$links[, 2L] == place, 1L], graph$links[graph$links[, 1L] == place, 2L]
  )
  near[graph$layer[near] == layer]
}

# How many edges cross, and half for each pair of arguments in the wrong order.
disorder <- function(graph, layers) {
  position <- integer(length(graph$layer))
  for (places in layers) position[places] <- seq_along(places)
  from <- position[graph$links[, 1L]]
  to <- position[graph$links[, 2L]]
  top <- graph$layer[graph$links[, 1L]]
  crossings <- vapply(unique(top), function(k) {
    here <- top == k
    sum(outer(from[here], from[here], "<") & outer(to[here], to[here], ">"))
  }, 0L)
  sum(crossings) + sum(position[graph$turns[, 1L]] > position[graph$turns[, 2L]]) / 2
}

# Centres: every place is drawn to the mean of its neighbours, as near as its layer allows.
place_layers <- function(graph, layers, widths, gap) {
  x <- numeric(length(widths))
  offsets <- lapply(layers, function(places) {
    half <- widths[places] / 2
    cumsum(c(0, half[-1L] + half[-length(half)] + gap))
  })
  for (k in seq_along(layers)) x[layers[[k]]] <- offsets[[k]] - mean(range(offsets[[k]]))
  sweeps <- rep(list(seq_along(layers), rev(seq_along(layers))), 12L)
  for (sweep in sweeps) {
    for (k in sweep) {
      places <- layers[[k]]
      wanted <- vapply(places, function(place) {
        near <- c(neighbours(graph, place, k - 1L), neighbours(graph, place, k + 1L))
        if (length(near) == 0L) x[place] else mean(x[near])
      }, 0)
      # Least squares under the least distances is an isotonic regression.
      x[places] <- stats::isoreg(wanted - offsets[[k]])$yf + offsets[[k]]
    }
  }
  x
}

# For each edge the points of a curve: at `x`, and in `layer` in the middle (`side` is 0), at the
# top (-1) or at the bottom (1) of the row of nodes. `shift` is how far from the centre of its
# target it ends: arguments enter the top side by side.
edge_routes <- function(graph, edges, x, widths, gap) {
  before <- vapply(graph$path, function(path) x[path[length(path) - 1L]], 0)
  shift <- numeric(nrow(edges))
  for (target in unique(edges$to)) {
    into <- which(edges$to == target)
    rank <- rank(before[into] + edges$argument[into] * 1e-9, ties.method = "first")
    step <- widths[target] / (length(into) + 1)
    shift[into] <- (rank - (length(into) + 1) / 2) * step
  }
  Map(function(path, shift) {
    last <- length(path)
    at <- x[path]
    at[last] <- at[last] + shift
    # Where it comes from afar, or goes far, it passes a row of nodes straight, to cut no corners.
    far <- abs(diff(at)) > 2 * gap
    sides <- lapply(seq_len(last), function(p) {
      if (p == 1L) {
        return(1L)
      }
      if (p == last) -1L else c(if (far[p - 1L]) -1L, 0L, if (far[p]) 1L)
    })
    list(
      x = rep(at, lengths(sides)), layer = rep(graph$layer[path], lengths(sides)),
      side = unlist(sides), shift = shift
    )
  }, graph$path, shift)
}
