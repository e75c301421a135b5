#include "experiments/progress.h"

#include <doctest/doctest.h>

using namespace pare::experiments;

TEST_CASE("the time that is left follows from what each kind of work took so far") {
  WorkEstimate work;
  work.expect(WorkKind::epoch, 100);
  work.expect(WorkKind::job, 3);
  CHECK_FALSE(work.seconds_left(1));
  work.finish(WorkKind::epoch, 10, 20);
  CHECK_FALSE(work.seconds_left(1));  // nothing is known of the jobs
  work.finish(WorkKind::job, 1, 5);
  CHECK(*work.seconds_left(1) == doctest::Approx(90 * 2 + 2 * 5));
  CHECK(*work.seconds_left(2) == doctest::Approx(90 + 5));
  CHECK(work.done(WorkKind::epoch) == 10);
}

TEST_CASE("no time is left when all is done, or more than was expected") {
  WorkEstimate work;
  work.expect(WorkKind::epoch, 10);
  work.finish(WorkKind::epoch, 25, 5);
  CHECK(work.done(WorkKind::epoch) == 10);
  CHECK(*work.seconds_left(1) == 0);
}

TEST_CASE("what need not be done after all shortens the time that is left") {
  WorkEstimate work;
  work.expect(WorkKind::epoch, 30);
  work.finish(WorkKind::epoch, 10, 20);
  work.expect(WorkKind::epoch, -15);
  CHECK(work.expected(WorkKind::epoch) == 15);
  CHECK(*work.seconds_left(1) == doctest::Approx(10));
}

TEST_CASE("times are named no more exactly than they are known") {
  CHECK(about(0) == "about 5 s");
  CHECK(about(11) == "about 15 s");
  CHECK(about(54) == "about 55 s");
  CHECK(about(56) == "about 1 min");
  CHECK(about(200) == "about 3 min");
  CHECK(about(59.4 * 60) == "about 59 min");
  CHECK(about(2 * 3600 + 10 * 60) == "about 2 h 10 min");
}

TEST_CASE("the line says what is done of all, and what is running") {
  Progress progress(2);
  progress.expect(20);
  progress.expect(0);
  progress.expect(0);
  CHECK(progress.line(200) == "0 of 3 jobs, 0 of 20 epochs");
  {
    Progress::Job train(progress, "base model", 20);
    train.finish_epoch();
    train.finish_epoch();
    const Progress::Job measure(progress, "int8: measuring");
    CHECK(progress.line(200) ==
          "0 of 3 jobs, 2 of 20 epochs | base model, epoch 2 of 20 | int8: measuring");
    CHECK(progress.line(30) == "0 of 3 jobs, 2 of 20 epochs | ");
  }
  CHECK(progress.line(200) == "2 of 3 jobs");
}

TEST_CASE("training that ends early, or is not needed, is no longer expected") {
  Progress progress(1);
  for (int i = 0; i < 3; ++i) progress.expect(20);
  { const Progress::Job kept(progress, "base model", 20); }
  CHECK(progress.line(80) == "1 of 3 jobs, 0 of 40 epochs");
  { Progress::Job(progress, "base model", 20).finish_epoch(); }
  CHECK(progress.line(80) == "2 of 3 jobs, 1 of 21 epochs");
}

TEST_CASE("without training the line speaks of jobs alone") {
  Progress progress(1);
  progress.expect(0);
  CHECK(progress.line(80) == "0 of 1 jobs");
}
