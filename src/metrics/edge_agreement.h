// How well the edges of pictures follow those that they were asked for.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "pictures/canny.h"

namespace fdbench {

/// How edges are found and matched.
struct EdgeOptions {
  CannyOptions canny;
  /// [pixels]
  std::int64_t tolerance = 1;
};

/// Of each picture, [n] float64, 0 to 1.
struct EdgeAgreement {
  /// Harmonic mean of precision and recall; 0 where both are.
  at::Tensor f1;
  /// Share of the picture's edge pixels that lie near a wanted one.
  at::Tensor precision;
  /// Share of the wanted edge pixels that lie near one of the picture.
  at::Tensor recall;
};

/// edges: of the pictures, wanted: of their controls, [n, h, w] each; what is not 0 is an edge.
/// Near: within `tolerance` pixels along both axes, so with 1 among the 3x3 pixels around it. Where
/// neither has an edge, all three are 1; where one alone has none, all three are 0. (As boundary
/// F1 is counted, Martin et al. 2004, but by neighbourhoods in place of a matching one to one.)
/// Throws a usage error for maps of different shapes.
EdgeAgreement edge_agreement(const at::Tensor& edges, const at::Tensor& wanted,
                             std::int64_t tolerance);

/// Edges of a control picture that is drawn white on black: [h, w, 3] uint8 -> [h, w] bool, where
/// some channel is above 127.
at::Tensor drawn_edges(const at::Tensor& control);

/// The edges of pictures (canny) against those that their control pictures draw. pictures: [n, h,
/// w, 3] uint8; drawn: [n, h, w] of drawn_edges. Throws what canny and edge_agreement throw.
EdgeAgreement control_agreement(const at::Tensor& pictures, const at::Tensor& drawn,
                                const EdgeOptions& options);

}  // namespace fdbench
