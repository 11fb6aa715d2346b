// The attributes of a result file (docs/results.md).
#pragma once

namespace fdbench {

/// All that a reader asks for. It asks for each by its name: libhdf5 (1.10) does not survive
/// listing the attributes of some damaged files.
inline constexpr const char* kResultAttributes[] = {"format",
                                                    "schema_version",
                                                    "name",
                                                    "config",
                                                    "config_path",
                                                    "settings",
                                                    "config_hash",
                                                    "fdbench_version",
                                                    "git_revision",
                                                    "compiler",
                                                    "build_flags",
                                                    "libtorch_version",
                                                    "hdf5_version",
                                                    "device",
                                                    "cpu",
                                                    "cpu_flags",
                                                    "cpu_mhz",
                                                    "cpus_allowed",
                                                    "memory",
                                                    "num_threads",
                                                    "kernel",
                                                    "host",
                                                    "environment",
                                                    "merged_from",
                                                    "model",
                                                    "synthetic",
                                                    "weights_hash",
                                                    "num_parameters",
                                                    "guidance_scale",
                                                    "guidance_rescale",
                                                    "clip_skip",
                                                    "seed",
                                                    "dtype",
                                                    "detail",
                                                    "created",
                                                    "warnings"};

}  // namespace fdbench
