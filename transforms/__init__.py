"""The transforms, one a file, and the order in which they run."""

from optimizer.transform import Transform
from transforms.add_to_copy import add_to_copy
from transforms.apt_to_apt_get import apt_to_apt_get
from transforms.assume_yes import assume_yes
from transforms.build_deps_in_one_run import build_deps_in_one_run
from transforms.cache_mounts import cache_mounts
from transforms.ci_cache import ci_cache
from transforms.clean_in_same_layer import clean_in_same_layer
from transforms.copy_dependencies_first import copy_dependencies_first
from transforms.copy_manifests_first import copy_manifests_first
from transforms.copy_with_owner_and_mode import copy_with_owner_and_mode
from transforms.cross_compile import cross_compile
from transforms.dead_stage import dead_stage
from transforms.dockerignore import dockerignore
from transforms.empty_continuation import empty_continuation
from transforms.end_of_life_base import end_of_life_base
from transforms.exec_form_command import exec_form_command
from transforms.fetch_step import fetch_step
from transforms.fetch_unpack_remove import fetch_unpack_remove
from transforms.last_command_wins import last_command_wins
from transforms.legacy_key_value import legacy_key_value
from transforms.maintainer_to_label import maintainer_to_label
from transforms.merge_cleanup_run import merge_cleanup_run
from transforms.merge_run import merge_run
from transforms.merge_update_into_install import merge_update_into_install
from transforms.multi_stage import multi_stage
from transforms.narrow_copy import narrow_copy
from transforms.no_cache_flag import no_cache_flag
from transforms.no_install_recommends import no_install_recommends
from transforms.non_root_user import non_root_user
from transforms.order_by_cost import order_by_cost
from transforms.pin_base import pin_base
from transforms.production_dependencies import production_dependencies
from transforms.remove_build_tree import remove_build_tree
from transforms.reproducible_install import reproducible_install
from transforms.runtime_base import runtime_base
from transforms.setuid_bits import setuid_bits
from transforms.slim_base import slim_base
from transforms.stage_name_case import stage_name_case
from transforms.strip_binaries import strip_binaries
from transforms.sudo_as_root import sudo_as_root
from transforms.upgrade_in_build import upgrade_in_build
from transforms.volatile_arguments_late import volatile_arguments_late
from transforms.workdir_absolute import workdir_absolute

PIPELINE: tuple[Transform, ...] = (
    empty_continuation,  # first, as those below move text about
    stage_name_case,
    maintainer_to_label,
    legacy_key_value,
    workdir_absolute,
    last_command_wins,  # before the form of commands: a dead one needs none
    exec_form_command,
    sudo_as_root,  # before those that look at commands, which then read what stands there
    apt_to_apt_get,
    add_to_copy,  # before all that looks at what COPY brings
    multi_stage,  # before RUNs are joined or given options: it tells their steps apart, and what it writes gains too
    assume_yes,  # first of those that add options: a command that would stop the build is no ground to build on
    pin_base,  # before those that need to know which base it is
    runtime_base,
    slim_base,  # before what judges installs by the packages that their base has
    merge_update_into_install,  # before cleaning: what fetches and what removes lists is judged where it is used
    merge_cleanup_run,  # before cleaning: a clean-up that is written already only needs to be moved
    copy_with_owner_and_mode,  # before RUNs are joined: what only sets owners or modes goes
    merge_run,  # behind the two that join RUNs for one reason each, and before what looks at one RUN at a time
    fetch_unpack_remove,  # behind merge-run: the RUN that unpacks is then the one that deletes
    remove_build_tree,
    no_install_recommends,
    production_dependencies,
    reproducible_install,
    dockerignore,  # before copies move: what lies in the context may not lie over what an install makes
    fetch_step,  # before copies move: they sink behind what it adds
    copy_manifests_first,  # behind what makes installs leave the lock file alone, before cleaning: it parts RUNs
    copy_dependencies_first,  # behind copy-manifests-first: the install then stands above the sources
    order_by_cost,  # behind copy-manifests-first: what is still above an install then is not needed there
    strip_binaries,
    cross_compile,
    build_deps_in_one_run,
    cache_mounts,  # before what keeps caches out of a layer in another way: these see the mount and stand back
    no_cache_flag,
    clean_in_same_layer,  # last of what changes the work of RUNs: it looks at what the installs leave behind after all
    non_root_user,  # behind what moves or joins RUNs: it adds one behind the last
    setuid_bits,
    volatile_arguments_late,  # below the RUNs as they are now
    dead_stage,  # suggestions, about the file as it is now
    upgrade_in_build,
    end_of_life_base,
    narrow_copy,
    ci_cache,  # of other files than the rest
)
