// How the program says no: one line for the reader and an exit code for the script.
#pragma once
#include <stdexcept>
#include <string>

enum ExitCode : int {
  exitFine = 0,     // all went well
  exitFault = 1,    // a comparison, a check or an input file is at fault
  exitUsage = 2,    // the command line is wrong
  exitMachine = 3,  // this machine lacks something; the line names it
};

// Failure carries one line that needs no context, and the exit code that goes with it.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& line) : std::runtime_error(line), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// text is printf into a std::string.
std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));
