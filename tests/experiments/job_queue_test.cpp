#include "experiments/job_queue.h"

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <stdexcept>
#include <string>

using pare::experiments::JobQueue;

TEST_CASE("one thread does what takes longest first, and equals in their order") {
  JobQueue queue;
  std::string done;
  queue.add(1, [&] { done += 'a'; });
  queue.add(3, [&] { done += 'b'; });
  queue.add(1, [&] { done += 'c'; });
  queue.add(2, [&] { done += 'd'; });
  queue.run(1);
  CHECK(done == "bdac");
}

TEST_CASE("jobs that a job adds are done too, before shorter ones that were there") {
  JobQueue queue;
  std::string done;
  queue.add(5, [&] {
    done += 'a';
    queue.add(4, [&] {
      done += 'b';
      queue.add(0, [&] { done += 'd'; });
    });
  });
  queue.add(1, [&] { done += 'c'; });
  queue.run(1);
  CHECK(done == "abcd");
}

TEST_CASE("as many jobs run at once as there are threads, also those that were added late") {
  JobQueue queue;
  std::barrier together(3);
  std::atomic<int> met{0};
  const auto meet = [&] {
    together.arrive_and_wait();  // would wait for ever if the three did not run at once
    ++met;
  };
  queue.add(1, [&] {
    for (int i = 0; i < 3; ++i) queue.add(1, meet);
  });
  queue.run(3);
  CHECK(met == 3);
}

TEST_CASE("more jobs than threads are all done, once") {
  JobQueue queue;
  std::atomic<int> count{0};
  for (int i = 0; i < 1000; ++i) queue.add(i % 7, [&] { ++count; });
  queue.run(4);
  CHECK(count == 1000);
}

TEST_CASE("after an exception no job starts, and the first one is thrown") {
  JobQueue queue;
  bool started = false;
  queue.add(2, [] { throw std::runtime_error("first"); });
  queue.add(1, [&] { started = true; });
  CHECK_THROWS_WITH_AS(queue.run(1), "first", std::runtime_error);
  CHECK_FALSE(started);
}

TEST_CASE("what a job holds is let go when it is done") {
  JobQueue queue;
  auto data = std::make_shared<int>(1);
  const std::weak_ptr<int> there = data;
  bool gone = false;
  queue.add(2, [data = std::move(data)] { CHECK(*data == 1); });
  queue.add(1, [&] { gone = there.expired(); });
  queue.run(1);
  CHECK(gone);
}

TEST_CASE("a queue without jobs is done at once") {
  JobQueue queue;
  CHECK_NOTHROW(queue.run(2));
}
