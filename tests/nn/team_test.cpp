#include "nn/team.h"

#include <doctest/doctest.h>

#include "nn/train.h"
#include "tests/helpers.h"

using namespace pare::nn;

TEST_CASE("the parts of a range are all of it, in multiples of the grain") {
  for (const Index size : {0, 1, 15, 16, 100, 784}) {
    for (const Index count : {1, 2, 3, 7}) {
      Index reached = 0;
      for (Index i = 0; i < count; ++i) {
        const auto [begin, end] = Part{i, count}.of(size, 16);
        CHECK(begin == reached);
        CHECK((end % 16 == 0 || end == size));
        reached = end;
      }
      CHECK(reached == size);
    }
  }
}

TEST_CASE("a team does every part of every piece of work once, and waits for it") {
  for (const int threads : {1, 2, 5}) {
    Team team(threads);
    std::vector<int> done(static_cast<std::size_t>(threads));
    for (int round = 1; round <= 500; ++round) {
      team.run([&](Part part) { ++done[static_cast<std::size_t>(part.index)]; });
      CHECK(done == std::vector<int>(static_cast<std::size_t>(threads), round));
    }
  }
}

TEST_CASE("the number of threads changes no byte of what is trained") {
  Dataset data{
      pare::tests::random_matrix(150, 30, 1), Matrix::Zero(150, 3), Task::classification, {}};
  for (Index i = 0; i < 150; ++i) data.targets(i, i % 3) = 1;
  const Model start = pare::tests::random_model({30, 40, 17, 3}, 2);
  const WeightView view = keep_zeros(start);
  const auto train_with = [&](int threads) {
    TrainOptions options;
    options.epochs = 3;
    options.dropout = 0.2;
    options.weight_decay = 0.01;
    options.threads = threads;
    return train(start, data, options, 1,
                 {.objective = {}, .view = view, .validation = {}, .on_epoch = {}});
  };
  const Model alone = train_with(1);
  for (const int threads : {2, 3}) {
    const Model together = train_with(threads);
    for (std::size_t i = 0; i < alone.layers.size(); ++i) {
      const auto& expected = std::get<DenseLayer>(alone.layers[i]);
      const auto& found = std::get<DenseLayer>(together.layers[i]);
      CHECK(found.weights == expected.weights);
      CHECK(found.bias == expected.bias);
    }
  }
}

TEST_CASE("training without a thread is refused") {
  TrainOptions options;
  options.threads = 0;
  CHECK_THROWS_WITH(train(pare::tests::random_model({1, 1}, 1), make_sine({}, 1).train, options, 1),
                    "threads must be at least 1");
}
