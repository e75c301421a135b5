// What is exported for use in somebody's program: compiled and called as they would.
#include "mcu/component.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "build_paths.h"
#include "mcu/emulator/emulated_board.h"
#include "mcu/forms/form.h"
#include "mcu/process.h"
#include "mcu/temporary_folder.h"
#include "nn/forward.h"
#include "nn/json_text.h"
#include "nn/quantization.h"
#include "tests/helpers.h"
#include "tests/mcu/emulated_boards.h"
#include "tests/mcu/random_int8.h"

using namespace pare;
namespace fs = std::filesystem;

namespace {

mcu::Artefact artefact_of(const std::string& name, const nn::Model& model) {
  return mcu::make_artefact(name, model, mcu::encode(model));
}

std::vector<std::string> numbers(nn::Index count) {
  std::vector<std::string> labels;
  for (nn::Index i = 0; i < count; ++i) labels.push_back(fmt::format("class {}", i));
  return labels;
}

/// The same model as a classifier of classes with names.
nn::Model classifier(nn::Model model) {
  model.outputs.meaning = nn::Meaning::logits;
  model.outputs.names = numbers(nn::output_count(model));
  return model;
}

/// The folder of a form.
void write_form(std::string_view form, const mcu::Artefact& artefact, const std::string& name,
                const fs::path& folder) {
  const mcu::Component component = mcu::make_component(artefact, name);
  const nn::Matrix inputs = tests::random_matrix(3, mcu::input_count(artefact.encoded), 5);
  const mcu::TestVectors vectors = mcu::make_test_vectors(artefact.model, inputs, 3);
  mcu::form_named(form).check(folder);
  mcu::form_named(form).write({artefact, component, vectors, mcu::nano33ble()}, folder);
}

std::string run(const std::vector<std::string>& command) {
  std::vector<std::string> words{"/usr/bin/env"};
  words.insert(words.end(), command.begin(), command.end());
  const mcu::ProcessResult result = mcu::run_process(words);
  CAPTURE(result.output);
  REQUIRE(result.exit_code == 0);
  return result.output;
}

std::string c_array(const nn::Matrix& values) {
  std::string text;
  for (const float value : values.reshaped<Eigen::RowMajor>()) text += fmt::format("{:a}f,", value);
  return text;
}

}  // namespace

TEST_CASE(
    "a C program calls two exported components that CMake builds, and gets the reference's "
    "answers" *
    doctest::test_suite("slow")) {
  const tests::Folder folder;
  nn::Model gesture = tests::random_int8_model({6, 9, 4}, 11);
  gesture.inputs.offset = nn::RowVector::LinSpaced(6, -3, 3);
  gesture.inputs.factor = nn::RowVector::LinSpaced(6, 0.5F, 2);
  nn::Model level = tests::random_model({2, 5, 1}, 12);
  level.inputs.offset = nn::RowVector{{1013.25F, 0.5F}};
  level.inputs.activation = nn::Activation::sigmoid;
  level.outputs = {nn::RowVector{{3}}, nn::RowVector{{-20}}};
  write_form("cmake", artefact_of("gesture-int8", classifier(gesture)), "gesture",
             folder.path() / "gesture");
  write_form("cmake", artefact_of("level", level), "level", folder.path() / "level");
  const nn::Matrix samples = tests::random_matrix(50, 6, 13) * 30;
  nn::Matrix levels = tests::random_matrix(50, 2, 14);
  levels.col(0).array() += 1013;
  folder.write(
      "CMakeLists.txt",
      "cmake_minimum_required(VERSION 3.13)\nproject(user LANGUAGES C CXX)\n"
      "add_subdirectory(gesture)\nadd_subdirectory(level)\n"
      "add_executable(user user.c)\nset_property(TARGET user PROPERTY C_STANDARD 99)\n"
      "target_compile_options(user PRIVATE -Wall -Wextra -Wpedantic -Werror)\n"
      "target_compile_options(gesture PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Werror)\n"
      "target_compile_options(level PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Werror)\n"
      "target_link_libraries(user gesture level m)\n");
  folder.write("user.c",
               fmt::format("#include <math.h>\n#include <stdio.h>\n#include \"gesture.h\"\n"
                           "#include \"level.h\"\n"
                           "static const float samples[] = {{{}}};\n"
                           "static const float levels[] = {{{}}};\n"
                           "int main(void) {{\n"
                           "  for (int i = 0; i < 50; ++i) {{\n"
                           "    float logits[GESTURE_OUTPUTS], outputs[LEVEL_OUTPUTS], sure;\n"
                           "    if (gesture_predict(samples + 6 * i, logits) || "
                           "level_predict(levels + 2 * i, outputs)) return 1;\n"
                           "    const int label = gesture_classify(samples + 6 * i, &sure);\n"
                           "    printf(\"%d %s|%a %a\", label, gesture_label(label), sure, "
                           "outputs[0]);\n"
                           "    for (int k = 0; k < GESTURE_OUTPUTS; ++k) printf(\" %a\", "
                           "logits[k]);\n"
                           "    printf(\"\\n\");\n  }}\n"
                           "  const float bad[GESTURE_INPUTS] = {{0, NAN}};\n"
                           "  const float worse[LEVEL_INPUTS] = {{INFINITY, 0}};\n"
                           "  float untouched[LEVEL_OUTPUTS] = {{7}};\n"
                           "  printf(\"%d %d %g %s\\n\", gesture_classify(bad, 0), "
                           "level_predict(worse, untouched), untouched[0], gesture_label(-1));\n"
                           "  return 0;\n}}\n",
                           c_array(samples), c_array(levels)));
  const std::string build = folder.path() / "build";
  run({"cmake", "-S", folder.path(), "-B", build, "-DCMAKE_BUILD_TYPE=Release"});
  run({"cmake", "--build", build});
  std::istringstream lines(run({build + "/user"}));
  const nn::Matrix logits = nn::forward(gesture, samples);
  const nn::Matrix outputs = nn::forward(level, levels);
  std::string line;
  for (nn::Index i = 0; i < samples.rows(); ++i) {
    std::getline(lines, line);
    nn::Index best = 0;
    logits.row(i).maxCoeff(&best);
    const std::string start = fmt::format("{0} class {0}|", best);
    REQUIRE(line.starts_with(start));
    const char* rest = line.c_str() + start.size();
    char* end = nullptr;
    const auto next = [&] {
      const float value = std::strtof(rest, &end);
      rest = end;
      return value;
    };
    const float sum = (logits.row(i).array() - logits(i, best)).exp().sum();
    CHECK(next() == doctest::Approx(1 / sum).epsilon(1e-6));
    CHECK(next() == doctest::Approx(outputs(i, 0)).epsilon(1e-6));
    for (nn::Index k = 0; k < logits.cols(); ++k) CHECK(next() == logits(i, k));
  }
  std::getline(lines, line);
  CHECK(line == "-1 -1 7 ?");
}

TEST_CASE("a component compiles for every core, and keeps the RAM it names" *
          doctest::test_suite("slow")) {
  const tests::Folder folder;
  const mcu::Artefact artefact =
      artefact_of("net", classifier(tests::random_int8_model({7, 12, 3}, 21)));
  const mcu::Component component = mcu::make_component(artefact, "net");
  CHECK(component.static_ram_bytes == artefact.encoded.arena.size * 2 + 7 + 3);
  folder.write("net.h", component.header);
  folder.write("net.cpp", component.source);
  const std::string object = folder.path() / "net.o";
  const std::vector<std::vector<std::string>> compilers{
      {"arm-none-eabi-g++", "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"},
      {"arm-none-eabi-g++", "-mcpu=cortex-m0plus", "-mthumb"},
      {"riscv64-unknown-elf-g++", "-march=rv32imc", "-mabi=ilp32", "-ffreestanding"}};
  for (std::vector<std::string> command : compilers) {
    CAPTURE(command[1]);
    if (command[0].starts_with("riscv")) {  // Debian has no C library for it: stand-ins
      folder.write("math.h",
                   "extern \"C\" float roundf(float);\nextern \"C\" float expf(float);\n");
      folder.write("string.h",
                   "#include <stddef.h>\nextern \"C\" void* memcpy(void*, const void*, size_t);\n");
      command.insert(command.end(), {"-I", folder.path()});
    }
    command.insert(command.end(),
                   {"-Os", "-std=gnu++14", "-fno-exceptions", "-Wall", "-Wextra", "-Wpedantic",
                    "-Werror", "-c", folder.path() / "net.cpp", "-o", object});
    run(command);
    std::istringstream size(run({"size", "-A", object}));
    long ram = 0;
    for (std::string name; size >> name;) {
      long bytes = 0;
      if (name.starts_with(".bss") && size >> bytes) ram += bytes;
    }
    if (command[0].starts_with("arm")) {
      CHECK(ram >= component.static_ram_bytes);
      CHECK(ram <= component.static_ram_bytes + 8);  // aligned
    }
  }
}

TEST_CASE("a component's own numbers, on the emulated board, are the host's" *
          doctest::test_suite("slow")) {
  const nn::Model model = tests::random_int8_model({5, 11, 3}, 31);
  const mcu::Component component =
      mcu::make_component(artefact_of("net", classifier(model)), "net");
  const mcu::TemporaryFolder folder;
  const tests::Folder sources;
  sources.write("net.h", component.header);
  sources.write("net.cpp", component.source);
  // A sketch that takes the features as they are and answers with the outputs as they are.
  const nn::Model shape = tests::random_model({5, 3}, 1);
  const nn::Matrix samples = tests::random_matrix(40, 5, 32) * 30;
  const mcu::TestVectors vectors = mcu::make_test_vectors(shape, samples, 40);
  const mcu::EncodedModel encoded = mcu::encode(shape);
  mcu::export_foreign_sketch(encoded,
                             mcu::foreign_model_header(encoded, "net", "#include \"net.h\"\n", "",
                                                       "  net_predict(inputs, outputs);\n"),
                             vectors, folder.path() / "sketch");
  mcu::EmulatedBoard board(mcu::build_image(folder.path() / "sketch", folder.path() / "build",
                                            "-Os",
                                            {"-I", sources.path(), sources.path() / "net.cpp"}));
  const nn::Matrix expected = nn::forward(model, samples);
  for (nn::Index i = 0; i < samples.rows(); ++i) {
    const std::vector<std::uint8_t> bytes =
        board.client().infer(vectors.inputs[static_cast<std::size_t>(i)]);
    nn::Matrix got(1, 3);
    REQUIRE(bytes.size() == 3 * sizeof(float));
    std::memcpy(got.data(), bytes.data(), bytes.size());
    CHECK(got == expected.row(i));
  }
}

TEST_CASE("the exported sketch answers numbers by its label, and a host by the harness" *
          doctest::test_suite("slow")) {
  const nn::Model model = classifier(tests::random_int8_model({3, 9, 4}, 33));
  const mcu::Artefact artefact = artefact_of("net-int8", model);
  const tests::Folder folder;
  const fs::path sketch = folder.path() / "gesture";
  write_form("sketch", artefact, "net", sketch);
  const nn::Matrix samples = tests::random_matrix(20, 3, 34) * 30;
  const nn::Matrix logits = nn::forward(model, samples);
  for (const mcu::Board* board : tests::emulated_boards()) {
    CAPTURE(board->name);
    int line = -1;
    mcu::EmulatedBoard::Options options;
    options.line = [&](mcu::FileDescriptor end) {
      line = ::dup(end.get());
      return end;
    };
    mcu::EmulatedBoard running(mcu::build_image(sketch, folder.path() / "build", "-Os", {}, *board),
                               options);
    const mcu::FileDescriptor owner(line);
    CHECK(running.client().info().hash == artefact.hash);
    for (nn::Index i = 0; i < samples.rows(); ++i) {
      const std::string numbers =
          fmt::format("{:.4f}, {:.4f}; {:.4f}\n", samples(i, 0), samples(i, 1), samples(i, 2));
      REQUIRE(::write(line, numbers.data(), numbers.size()) ==
              static_cast<ssize_t>(numbers.size()));
      std::string reply;
      for (char byte = 0; byte != '\n';) {
        pollfd waiting{line, POLLIN, 0};
        if (::poll(&waiting, 1, 10000) != 1 || ::read(line, &byte, 1) != 1) break;
        reply += byte;
      }
      nn::Index best = 0;
      logits.row(i).maxCoeff(&best);
      CAPTURE(reply);
      CHECK(reply.starts_with(fmt::format("class {} 0.", best)) ==
            !reply.starts_with(fmt::format("class {} 1.", best)));
      CHECK(running.client().selftest().passed == 3);  // in between
    }
  }
}

TEST_CASE(
    "an export is the same bytes each time, names no path and no date, and says its licence") {
  const mcu::Artefact artefact =
      artefact_of("net", classifier(tests::random_int8_model({3, 4, 2}, 41)));
  for (const mcu::Form& form : mcu::forms()) {
    CAPTURE(form.name);
    const tests::Folder folder;
    const fs::path first = folder.path() / "net";
    const fs::path second = folder.path() / "again/net";
    write_form(form.name, artefact, "net", first);
    write_form(form.name, artefact, "net", second);
    CHECK(mcu::is_export(first));
    CHECK_THROWS_WITH_AS(mcu::form_named(form.name).check(first),
                         doctest::Contains("exists already"), std::invalid_argument);
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(first)) {
      if (!entry.is_regular_file()) continue;
      ++files;
      const std::string text = tests::read_file(entry.path());
      CHECK(text == tests::read_file(second / fs::relative(entry.path(), first)));
      CHECK(text.find(folder.path().string()) == std::string::npos);
    }
    CHECK(files >= 4);
  }
  const mcu::Component component = mcu::make_component(artefact, "net");
  for (const std::string& text : {component.header, component.source}) {
    CHECK(text.starts_with("// SPDX-License-Identifier: MIT\n"));
  }
  CHECK(component.source.find("entropy") == std::string::npos);  // kernels that it does not need
}

TEST_CASE("the forms have the files that their tools ask for") {
  const mcu::Artefact artefact =
      artefact_of("net-int8", classifier(tests::random_int8_model({3, 4, 2}, 51)));
  const tests::Folder folder;
  const auto written = [&](std::string_view form, const std::string& file) {
    const fs::path target = folder.path() / form;
    if (!fs::exists(target)) {
      write_form(form, artefact, "net", target);
    }
    CHECK(fs::exists(target / file));
    return fs::exists(target / file) ? tests::read_file(target / file) : "";
  };
  for (const char* key :
       {"name=net\n", "version=1.0.0\n", "author=", "maintainer=", "sentence=", "paragraph=",
        "category=Data Processing\n", "architectures=*\n", "includes=net.h\n"}) {
    CHECK(written("arduino-library", "library.properties").find(key) != std::string::npos);
  }
  written("arduino-library", "src/net.h");
  written("arduino-library", "src/net.cpp");
  const std::string example = written("arduino-library", "examples/net_example/net_example.ino");
  CHECK(example.find("net_classify(features, &confidence)") != std::string::npos);
  CHECK(written("platformio", "library.json").find("\"name\": \"net\"") != std::string::npos);
  written("platformio", "src/net.cpp");
  CHECK(written("zephyr", "zephyr/module.yml") ==
        "name: net\nbuild:\n  cmake: .\n  kconfig: Kconfig\n");
  CHECK(written("zephyr", "Kconfig").starts_with("config NET\n"));
  CHECK(written("zephyr", "CMakeLists.txt").find("zephyr_library_sources(src/net.cpp)") !=
        std::string::npos);
  CHECK(written("cmake", "CMakeLists.txt").find("add_library(net STATIC net.cpp)") !=
        std::string::npos);
  CHECK_THROWS_WITH_AS(
      mcu::form_named("arduino-libary"),
      "there is no form 'arduino-libary' to export as; there are: sketch, "
      "arduino-library, cmake, platformio, zephyr; did you mean 'arduino-library'?",
      std::invalid_argument);
}

TEST_CASE("a component's name is one for C, and labels come out as they are") {
  nn::Model model = tests::random_int8_model({3, 4, 2}, 61);
  model.outputs = {{}, {}, nn::Meaning::logits, {"a \"b\"\\", "what?\?/\n"}};
  const mcu::Artefact artefact = artefact_of("net", model);
  const auto named = [&](const std::string& name) { return mcu::make_component(artefact, name); };
  for (const char* bad : {"", "8bit", "a-b", "Math", "float", "_x", "\xc3\xa9t\xc3\xa9"}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH_AS(named(bad), doctest::Contains("say --name "), std::invalid_argument);
    CHECK_NOTHROW(named(mcu::identifier(bad)));
  }
  CHECK(mcu::identifier("pruned80-int8") == "pruned80_int8");
  CHECK(mcu::identifier("float") == "float_model");
  model.inputs.names = {"x [C]", "is it?\?/", "a\nb\\"};
  CHECK(mcu::make_component(artefact_of("net", model), "net")
            .header.find("//   features[0]: x [C]\n//   features[1]: is it  /\n"
                         "//   features[2]: a b \n") != std::string::npos);
  CHECK(named("net").source.find(R"("a \042b\042\134", "what\077\077/\012")") != std::string::npos);
}

TEST_CASE("a component of one sigmoid output classifies between two, another one not at all") {
  nn::Model alarm = tests::random_model({2, 5, 1}, 12);
  std::get<nn::DenseLayer>(alarm.layers[1]).activation = nn::Activation::sigmoid;
  alarm.outputs.names = {"quiet", "alarm"};
  const mcu::Component component = mcu::make_component(artefact_of("alarm", alarm), "alarm");
  CHECK(component.classifies);
  CHECK(component.source.find("probability >= 0.5f ? 1 : 0") != std::string::npos);
  CHECK(component.source.find(R"(labels[] = {"quiet", "alarm"})") != std::string::npos);
  const nn::Model level = tests::random_model({2, 5, 1}, 12);
  const mcu::Component other = mcu::make_component(artefact_of("level", level), "level");
  CHECK_FALSE(other.classifies);
  CHECK(other.header.find("level_classify") == std::string::npos);
}

TEST_CASE("a sketch for a board that Wokwi has opens there, and no other form has its files") {
  const mcu::Artefact artefact =
      artefact_of("net", classifier(tests::random_int8_model({3, 4, 2}, 61)));
  const mcu::Component component = mcu::make_component(artefact, "net");
  const mcu::TestVectors vectors =
      mcu::make_test_vectors(artefact.model, tests::random_matrix(3, 3, 5), 3);
  for (const mcu::Board* board : mcu::boards()) {
    CAPTURE(board->name);
    const tests::Folder folder;
    const fs::path sketch = folder.path() / "net_sketch";
    mcu::form_named("sketch").write({artefact, component, vectors, *board}, sketch);
    CHECK(fs::exists(sketch / "diagram.json") == (board->wokwi != nullptr));
    CHECK(fs::exists(sketch / "wokwi.toml") == (board->wokwi != nullptr));
    if (board->wokwi == nullptr) continue;
    const auto diagram = nn::parse_json(tests::read_file(sketch / "diagram.json"));
    CHECK(diagram["version"] == 1);
    CHECK(diagram["editor"] == "wokwi");
    CHECK(diagram["author"].is_string());
    REQUIRE(diagram["parts"].size() == 1);
    const auto& part = diagram["parts"][0];
    CHECK(part["type"] == board->wokwi->part);
    for (const char* key : {"top", "left"}) CHECK(part[key].is_number());
    CHECK(part["attrs"].is_object());
    for (const auto& connection : diagram["connections"]) {
      REQUIRE(connection.size() == 4);
      for (const std::size_t end : {0U, 1U}) {
        const auto pin = connection[end].get<std::string>();
        CHECK((pin.starts_with(part["id"].get<std::string>() + ":") ||
               pin.starts_with("$serialMonitor:")));
      }
      CHECK(connection[3].is_array());
    }
    CHECK(tests::read_file(sketch / "wokwi.toml")
              .starts_with("[wokwi]\nversion = 1\nfirmware = 'build/net_sketch.ino."));
  }
}

TEST_CASE("a host that holds the port open and does not read stops no sketch" *
          doctest::test_suite("slow")) {
  const tests::Folder folder;
  folder.write("Arduino.h",
               "#pragma once\n#include <math.h>\n#include <stdint.h>\n#include <string.h>\n"
               "#define ARDUINO_ARCH_MBED\n#define SERIAL_CDC 1\n"
               "inline unsigned long now_ms = 0;\n"
               "inline unsigned long millis() { return ++now_ms; }\n"
               "struct FakeSerial {\n"
               "  bool reads = true;\n  uint32_t received = 0;\n"
               "  bool connected() { return true; }\n"
               "  void send_nb(uint8_t*, uint32_t size, uint32_t* taken, bool) {\n"
               "    *taken = reads ? (size < 64 ? size : 64) : 0;\n    received += *taken;\n  }\n"
               "};\ninline FakeSerial Serial;\n");
  folder.write("user.cpp",
               "#include <Arduino.h>\n#include <stdio.h>\n#include \"serial_protocol.h\"\n"
               "int main() {\n"
               "  pare::Reply reply;\n"
               "  const auto print = [&] {\n"
               "    const unsigned long start = now_ms;\n"
               "    reply.text(\"left 0.750000\").end_line().flush();\n"
               "    printf(\"%lu %u,\", (now_ms - start) / 100, Serial.received);\n  };\n"
               "  print();\n  Serial.reads = false;\n  print();\n  print();\n"
               "  Serial.reads = true;\n  print();\n}\n");
  const std::string program = (folder.path() / "user").string();
  run({"g++", "-std=c++17", "-I" + folder.path().string(), "-I" PARE_SOURCE_DIR "/mcu/sketch",
       "-I" PARE_SOURCE_DIR "/mcu/kernel", (folder.path() / "user.cpp").string(), "-o", program});
  // A second once, then nothing; and what is printed afterwards arrives.
  CHECK(run({program}) == "0 15,10 15,0 15,0 30,");
}
