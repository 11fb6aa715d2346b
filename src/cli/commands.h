// The subcommands of the program, one file each; main.cpp only dispatches.
#pragma once

#include <CLI/CLI.hpp>

namespace fdbench {

/// Each adds its subcommand with its options to `app`. The subcommand's callback does the work and
/// throws `Error` on failure.
void add_run_command(CLI::App& app);
void add_plan_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_profile_command(CLI::App& app);
void add_report_command(CLI::App& app);
void add_judge_command(CLI::App& app);
void add_stats_command(CLI::App& app);
void add_schema_command(CLI::App& app);
void add_generate_command(CLI::App& app);
void add_tokenize_command(CLI::App& app);
void add_forward_command(CLI::App& app);
void add_worker_command(CLI::App& app);
void add_check_command(CLI::App& app);
void add_compare_command(CLI::App& app);
void add_merge_command(CLI::App& app);

}  // namespace fdbench
