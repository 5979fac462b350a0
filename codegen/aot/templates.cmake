# What artefacts are written from.
cornu_template(cornu_codegen codegen/aot/model.h.template artifact_header_template)
cornu_template(cornu_codegen codegen/aot/model.c.template artifact_source_template)
cornu_template(cornu_codegen codegen/aot/training.c.template artifact_training_template)
cornu_template(cornu_codegen codegen/aot/main.c.template artifact_main_template)
cornu_template(cornu_codegen codegen/cpu/kernel.c.template artifact_kernel_template)
cornu_template(cornu_codegen codegen/cpu/processor.c.template artifact_processor_template)
