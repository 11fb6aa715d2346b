#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include "cli/commands.h"
#include "cli/failure.h"
#include "core/notes.h"
#include "core/one_line.h"

namespace {

int report(const std::string& message, int exit_code) {
  std::fprintf(stderr, "fdbench: %s\n", fdbench::one_line(message).c_str());
  return exit_code;
}

void add_commands(CLI::App& app) {
  fdbench::add_run_command(app);
  fdbench::add_plan_command(app);
  fdbench::add_info_command(app);
  fdbench::add_profile_command(app);
  fdbench::add_report_command(app);
  fdbench::add_judge_command(app);
  fdbench::add_stats_command(app);
  fdbench::add_schema_command(app);
  fdbench::add_generate_command(app);
  fdbench::add_tokenize_command(app);
  fdbench::add_forward_command(app);
  fdbench::add_worker_command(app);
  fdbench::add_check_command(app);
  fdbench::add_compare_command(app);
  fdbench::add_merge_command(app);
}

/// A descriptor that is closed would be given to the first file that is opened, and what is printed
/// would land in it. Nothing can be written to what stands in for it.
void open_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    if (::open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) != descriptor) return;
  }
}

/// What was printed must have arrived, else the exit code says so.
int finished(int exit_code) {
  std::cout.flush();
  errno = 0;
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (written) return exit_code;
  const std::string reason = errno == 0 ? "" : std::string(" (") + std::strerror(errno) + ")";
  return report("standard output cannot be written" + reason, 3);
}

int run_program(CLI::App& app, int argc, char** argv) {
  try {
    const c10::InferenceMode inference;
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& verdict) {  // of a check that has said what it found
    return verdict.get_exit_code();
  } catch (const CLI::ParseError& error) {
    // --help, --version
    if (error.get_exit_code() == 0) return app.exit(error);
    return report(error.what(), 2);
  } catch (const std::exception& error) {
    const fdbench::Failure failure = fdbench::describe_failure(error);
    return report(failure.message, failure.exit_code);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  CLI::App app{
      "fdbench: benchmark and ablation harness for training-free acceleration of diffusion models",
      "fdbench"};
  app.set_version_flag("--version", FDBENCH_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 ok, 1 a check failed, 2 wrong use or config, 3 runtime failure, 4 a check "
      "could "
      "not tell.");
  add_commands(app);
  fdbench::set_note_sink([](fdbench::Urgency, const std::string& line) {
    std::fprintf(stderr, "%s\n", line.c_str());
  });
  return finished(run_program(app, argc, argv));
}
