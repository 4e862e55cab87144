# what the endurance tests need beside Node
check_PROGRAMS += tests/chaos/crowd
