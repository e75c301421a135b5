#include <algorithm>
#include <array>

#include "experiments/sources/source.h"

namespace pare::experiments {

// One line per kind of source, its definition being in the file of its name.
extern const SourceKind kSineSource;
extern const SourceKind kIdxSource;
extern const SourceKind kCsvSource;
extern const SourceKind kRandomSource;
extern const SourceKind kRecordingsSource;
extern const SourceKind kSeriesSource;

namespace {

constexpr std::array kKinds{&kSineSource,   &kIdxSource,        &kCsvSource,
                            &kRandomSource, &kRecordingsSource, &kSeriesSource};

}  // namespace

std::span<const SourceKind* const> source_kinds() { return kKinds; }

DataSource read_data_source(compress::Options& options, const SourceContext& context) {
  const SourceKind* const usual = context.model ? &kRandomSource : &kSineSource;
  std::vector<std::string_view> names;
  for (const SourceKind* kind : kKinds) names.push_back(kind->name);
  const std::string name = options.word("source", names, "where the data comes from", usual->name);
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const SourceKind* kind) { return kind->name == name; });
  DataSource source = (*found)->read(options, context);
  options.expect_empty();
  return source;
}

}  // namespace pare::experiments
