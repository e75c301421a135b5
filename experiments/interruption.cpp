#include "experiments/interruption.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "experiments/messages.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"

namespace pare::experiments {

void tidy_up_when_interrupted() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    struct sigaction action = {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&signals, signal);  // as nohup has it
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // every later thread inherits it
  std::thread([signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    mcu::ChildProcess::kill_all();
    mcu::TemporaryFolder::remove_all();
    say("\npare: interrupted; earlier results are as they were\n");
    _exit(128 + signal);
  }).detach();
}

}  // namespace pare::experiments
