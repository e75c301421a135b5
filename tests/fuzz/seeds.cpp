// Writes the files that the fuzzers begin with: seeds DIR makes a folder for each of them.
#include <filesystem>
#include <string>

#include "nn/activation.h"
#include "nn/formats/format.h"
#include "nn/mlp.h"
#include "nn/text_file.h"

using namespace pare;

int main(int, char** arguments) {
  const std::filesystem::path folder = arguments[1];
  const auto write = [&](const std::string& kind, const std::string& name,
                         const std::string& text) {
    std::filesystem::create_directories(folder / kind);
    nn::write_text(folder / kind / name, text);
  };
  int count = 0;
  for (const nn::ModelFormat* format : nn::model_formats()) {
    for (const auto function : nn::activation_functions()) {
      nn::Model model = nn::make_mlp({3, 5, 2}, *nn::find_activation(function().info.name), 1);
      model.inputs = {nn::RowVector{{1, 2, 3}}, nn::RowVector{{0.5F, 1, 2}}, {}, {"a", "b", "c"}};
      model.outputs = {{}, {}, nn::Meaning::logits, {"no", "yes"}};
      try {
        std::vector<std::string> losses;
        write(std::string(format->name), std::to_string(count++), format->write(model, losses));
      } catch (const std::invalid_argument&) {  // what a format cannot hold is no seed for it
      }
    }
  }
  const std::string rows = "1,2.5,red,on\n-3,4e1,blue,off\n5,NA,red,on\n7,8,blue,off\n9,1,red,on\n";
  write("csv", "titles", "a,b,kind,state\n" + rows);
  write("csv", "plain", rows);
  write("csv", "quoted", "# c\n\"a, \"\"b\"\"\";y\n1,5;2\n3,5;4\n5,5;1\n7,0;2\n");
  write("recordings", "blank", "time,x,y\n0,1,2\n20,3,4\n40,5,6\n\n80,7,8\n100,9,1\n120,2,3\n");
  write("recordings", "dashes", "-,-\n1,2\n3,4\n5,6\n-,-\n7,8\n9,1\n2,3\n");
  write("recordings", "series",
        "date,level\n2023-01-01,1\n2023-01-02,2\n2023-01-03,3\n2023-01-05,4\n");
  const std::string images("\0\0\x8\x3\0\0\0\x2\0\0\0\x1\0\0\0\x2\x1\x2\x3\x4", 20);
  const std::string labels("\0\0\x8\x1\0\0\0\x2\0\x1", 10);
  write("idx", "two", std::string(1, static_cast<char>(labels.size())) + labels + images);
}
