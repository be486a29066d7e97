build-asan/src/cli/doctor.o: src/cli/doctor.c src/cli/commands.h \
 src/cli/help.h src/cli/message.h src/cli/options.h src/report/renderer.h \
 src/model/snapshot.h src/model/kind.h src/model/loss.h \
 src/model/module.h src/collect/survey.h src/probe/attach.h \
 src/probe/catalog.h bpf/memtrace.h src/probe/features.h \
 src/util/escape.h
src/cli/commands.h:
src/cli/help.h:
src/cli/message.h:
src/cli/options.h:
src/report/renderer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/collect/survey.h:
src/probe/attach.h:
src/probe/catalog.h:
bpf/memtrace.h:
src/probe/features.h:
src/util/escape.h:
