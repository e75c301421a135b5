#include "experiments/interruption.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "mcu/temporary_folder.h"

namespace pare::experiments {

void tidy_up_when_interrupted() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // every later thread inherits it
  std::thread([signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    mcu::TemporaryFolder::remove_all();
    fmt::print(stderr, "\npare: interrupted; earlier results are as they were\n");
    std::fflush(stderr);
    _exit(130);
  }).detach();
}

}  // namespace pare::experiments
