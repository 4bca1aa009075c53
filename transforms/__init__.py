"""The transforms, one a file, and the order in which they run."""

from optimizer.transform import Transform
from transforms.add_to_copy import add_to_copy
from transforms.assume_yes import assume_yes
from transforms.clean_in_same_layer import clean_in_same_layer
from transforms.copy_manifests_first import copy_manifests_first
from transforms.copy_with_owner_and_mode import copy_with_owner_and_mode
from transforms.dockerignore import dockerignore
from transforms.merge_cleanup_run import merge_cleanup_run
from transforms.merge_run import merge_run
from transforms.merge_update_into_install import merge_update_into_install
from transforms.no_cache_flag import no_cache_flag
from transforms.no_install_recommends import no_install_recommends
from transforms.non_root_user import non_root_user
from transforms.production_dependencies import production_dependencies
from transforms.reproducible_install import reproducible_install
from transforms.setuid_bits import setuid_bits
from transforms.volatile_arguments_late import volatile_arguments_late

PIPELINE: tuple[Transform, ...] = (
    assume_yes,  # first: a command that would stop the build is no ground to build on
    add_to_copy,  # before all that looks at what COPY brings
    merge_update_into_install,  # before cleaning: what fetches and what removes lists is judged where it is used
    merge_cleanup_run,  # before cleaning: a clean-up that is written already only needs to be moved
    copy_with_owner_and_mode,  # before RUNs are joined: what only sets owners or modes goes
    merge_run,  # behind the two that join RUNs for one reason each, and before what looks at one RUN at a time
    no_install_recommends,
    production_dependencies,
    reproducible_install,
    dockerignore,  # before copies move: what lies in the context may not lie over what an install makes
    copy_manifests_first,  # behind what makes installs leave the lock file alone, before cleaning: it parts RUNs
    no_cache_flag,
    clean_in_same_layer,  # last: it looks at what the installs leave behind after all
    non_root_user,  # behind what moves or joins RUNs: it adds one behind the last
    setuid_bits,
    volatile_arguments_late,  # at the very end: below the RUNs as they are now
)
