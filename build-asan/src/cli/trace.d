build-asan/src/cli/trace.o: src/cli/trace.c src/analyze/aggregate.h \
 src/model/snapshot.h src/model/kind.h src/model/loss.h \
 src/model/module.h src/analyze/select.h src/cli/commands.h \
 src/cli/help.h src/cli/message.h src/cli/options.h src/report/renderer.h \
 src/collect/session.h src/report/output.h src/symbolize/symbolizer.h
src/analyze/aggregate.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/analyze/select.h:
src/cli/commands.h:
src/cli/help.h:
src/cli/message.h:
src/cli/options.h:
src/report/renderer.h:
src/collect/session.h:
src/report/output.h:
src/symbolize/symbolizer.h:
