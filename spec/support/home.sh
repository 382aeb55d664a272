# A home folder without the settings of whoever runs the tests: use_home FOLDER, which is new.
# shellcheck shell=bash

use_home() {
  export NPM_CONFIG_USERCONFIG=${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc} # where npm finds its registry
  export HOME=$1
  mkdir "$HOME"
}
