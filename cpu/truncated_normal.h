#pragma once

namespace meg::cpu {

/// Log of the standard normal distribution's mass between a < b, which may be infinite; to about 1e-9, however small
/// it is.
double log_normal_mass(double a, double b);

/// The number between a and b below which a share u, in (0, 1), of that mass lies.
double truncated_normal(double a, double b, double u);

}  // namespace meg::cpu
