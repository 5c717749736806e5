// What this program is: version, instruction sets, libraries and their licences.
#pragma once

#include <string>

namespace thimble::app {

std::string version();       // "0.1.0"
std::string version_text();  // for people, several lines
// {"schema":"thimble.version/1","version":…,"isa":{…},"features":[…],"licences":[…]}
std::string version_json();

}  // namespace thimble::app
