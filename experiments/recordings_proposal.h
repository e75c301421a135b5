#pragma once

#include <string>
#include <vector>

#include "experiments/data_proposal.h"

namespace pare::experiments {

/// What [data] of a config may say of a folder of recordings, with the reason for each choice.
struct RecordingsProposal {
  DataProposal::Choice label_from;  ///< "file", "folder" or "name"
  std::string pattern;              ///< of "name", or for the group alone; or empty
  std::vector<DataProposal::Choice> ignore;
  nn::Index length = 0;
  nn::Index window = 0;
  std::string window_reason;
};

/// Looks at the names of the files, at least one, below `folder`, and at their lines. `length` is
/// the number of lines of each recording, where the user says it, or 0. Throws
/// std::invalid_argument where nothing separates recordings and no length is known.
RecordingsProposal propose_recordings(const std::vector<std::string>& files,
                                      const std::string& folder, nn::Index length);

}  // namespace pare::experiments
