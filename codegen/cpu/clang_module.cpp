// cornu-clang.so: clang and lld as functions; the only C++ of the project.
//
// clang's and LLVM's C interfaces cannot compile C, so their C++ interfaces are used here, behind
// the table of codegen/cpu/clang_module.h. A compilation gets its own invocation, diagnostics and
// LLVMContext and sees an empty file system in memory: a generated unit includes nothing, and must
// not be able to. Memory stays flat over hundreds of calls because DisableFree is off. clang only
// makes the unoptimised module: which passes then run is the caller's text, in the words of opt(1),
// because clang's own levels spend half of their time on what generated code never needs.
//
// Linking is exclusive: lld keeps its state in globals, and parsing its command line resets LLVM's
// options, which a compilation reads.
#include "codegen/cpu/clang_module.h"

#include <cstring>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/DiagnosticOptions.h>
#include <clang/Basic/Version.h>
#include <clang/CodeGen/CodeGenAction.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/FrontendOptions.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <lld/Common/Driver.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/DiagnosticHandler.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

LLD_HAS_DRIVER(elf)

namespace {

std::shared_mutex llvm_globals;

char *message_of(const std::string &text) {
    return strdup(text.empty() ? "the compiler failed without a message" : text.c_str());
}

// The targets that this LLVM was built with; each is a few pointers until it is used.
void register_targets() {
    static const bool done = [] {
        llvm::InitializeAllTargetInfos();
        llvm::InitializeAllTargets();
        llvm::InitializeAllTargetMCs();
        llvm::InitializeAllAsmPrinters();
        llvm::InitializeAllAsmParsers();
        return true;
    }();
    (void)done;
}

std::shared_ptr<clang::CompilerInvocation> make_invocation(llvm::ArrayRef<const char *> arguments,
                                                           llvm::MemoryBufferRef source,
                                                           clang::DiagnosticsEngine &diagnostics) {
    auto invocation = std::make_shared<clang::CompilerInvocation>();
    if (!clang::CompilerInvocation::CreateFromArgs(*invocation, arguments, diagnostics)) {
        return nullptr;
    }
    clang::FrontendOptions &frontend = invocation->getFrontendOpts();
    frontend.Inputs = {clang::FrontendInputFile(source, clang::InputKind(clang::Language::C))};
    frontend.DisableFree = false;
    invocation->getCodeGenOpts().DisableFree = false;
    return invocation;
}

std::unique_ptr<llvm::TargetMachine> make_machine(clang::CompilerInstance &compiler,
                                                  const llvm::Module &module) {
    std::string error;
    const std::string &triple = module.getTargetTriple();
    const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (target == nullptr)
        return nullptr;
    const clang::TargetOptions &options = compiler.getTargetOpts();
    llvm::TargetOptions machine;
    machine.StackUsageOutput = compiler.getCodeGenOpts().StackUsageOutput;
    return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
        triple, options.CPU, llvm::join(options.Features, ","), machine,
        llvm::Reloc::PIC_, std::nullopt,
        compiler.getCodeGenOpts().OptimizationLevel > 1 ? llvm::CodeGenOptLevel::Default
                                                        : llvm::CodeGenOptLevel::Less));
}

// Runs the passes that `pipeline` names. The code is freestanding, so no library function is known.
llvm::Error optimize(llvm::Module &module, llvm::TargetMachine &machine, llvm::StringRef pipeline) {
    llvm::PassBuilder builder(&machine);
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager components;
    llvm::ModuleAnalysisManager modules;
    llvm::TargetLibraryInfoImpl library(machine.getTargetTriple());
    library.disableAllFunctions();
    functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    llvm::ModulePassManager passes;
    if (llvm::Error error = builder.parsePassPipeline(passes, pipeline))
        return error;
    passes.run(module, modules);
    return llvm::Error::success();
}

bool emit_object(llvm::Module &module, llvm::TargetMachine &machine,
                 llvm::SmallVectorImpl<char> &object) {
    llvm::raw_svector_ostream stream(object);
    llvm::legacy::PassManager passes;
    if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
        return false;
    passes.run(module);
    return true;
}

// What the passes say goes to the messages when it is an error, and nowhere when it is advice.
class message_handler : public llvm::DiagnosticHandler {
  public:
    explicit message_handler(llvm::raw_ostream &stream) : messages(stream) {}
    bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
        if (info.getSeverity() == llvm::DS_Error) {
            llvm::DiagnosticPrinterRawOStream printer(messages);
            info.print(printer);
            failed = true;
        }
        return true;
    }
    bool failed = false;

  private:
    llvm::raw_ostream &messages;
};

// C to a module of LLVM without any optimisation; null, with messages, when clang finds mistakes.
std::unique_ptr<llvm::Module> make_module(clang::CompilerInstance &compiler,
                                          llvm::LLVMContext &context) {
    compiler.createFileManager(llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>());
    compiler.getCodeGenOpts().DisableLLVMPasses = true;
    clang::EmitLLVMOnlyAction action(&context);
    return compiler.ExecuteAction(action) ? action.takeModule() : nullptr;
}

bool compile_to_memory(llvm::ArrayRef<const char *> arguments, llvm::StringRef pipeline,
                       llvm::MemoryBufferRef source, llvm::SmallVectorImpl<char> &object,
                       llvm::raw_ostream &messages) {
    llvm::IntrusiveRefCntPtr<clang::DiagnosticOptions> options(new clang::DiagnosticOptions);
    options->IgnoreWarnings = true;
    clang::TextDiagnosticPrinter printer(messages, options.get());
    auto diagnostics =
        clang::CompilerInstance::createDiagnostics(options.get(), &printer, /*owns=*/false);
    auto invocation = make_invocation(arguments, source, *diagnostics);
    if (!invocation)
        return false;

    clang::CompilerInstance compiler;
    compiler.setInvocation(std::move(invocation));
    compiler.setDiagnostics(diagnostics.get());
    compiler.setVerboseOutputStream(messages);
    llvm::LLVMContext context;
    auto module = make_module(compiler, context);
    if (!module)
        return false;
    auto handler = std::make_unique<message_handler>(messages);
    const bool &failed = handler->failed;
    context.setDiagnosticHandler(std::move(handler));
    auto machine = make_machine(compiler, *module);
    if (!machine) {
        messages << "this LLVM has no target '" << module->getTargetTriple() << "'";
        return false;
    }
    if (llvm::Error error = optimize(*module, *machine, pipeline)) {
        messages << llvm::toString(std::move(error));
        return false;
    }
    return emit_object(*module, *machine, object) && !failed;
}

char *write_file(const char *path, llvm::StringRef bytes) {
    std::error_code error;
    llvm::raw_fd_ostream file(path, error);
    if (!error) {
        file << bytes;
        file.close();
        error = file.error();
        file.clear_error(); // else the destructor ends the process
    }
    return error ? message_of(std::string("cannot write ") + path + ": " + error.message())
                 : nullptr;
}

char *compile(const char *const *arguments, int count, const char *pipeline, const char *name,
              const char *text, size_t length, const char *output) {
    std::shared_lock<std::shared_mutex> lock(llvm_globals);
    std::vector<const char *> all(arguments, arguments + count);
    all.push_back(name);
    // The copy ends in the zero byte that the lexer relies on.
    auto source = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(text, length), name);
    llvm::SmallVector<char, 0> object;
    std::string messages;
    llvm::raw_string_ostream stream(messages);
    if (!compile_to_memory(all, pipeline, source->getMemBufferRef(), object, stream))
        return message_of(stream.str());
    return write_file(output, llvm::StringRef(object.data(), object.size()));
}

char *link(const char *const *arguments, int count) {
    std::unique_lock<std::shared_mutex> lock(llvm_globals);
    std::vector<const char *> all = {"ld.lld"};
    all.insert(all.end(), arguments, arguments + count);
    std::string messages;
    llvm::raw_string_ostream stream(messages);
    lld::Result result = lld::lldMain(all, stream, stream, {{lld::Gnu, &lld::elf::link}});
    return result.retCode == 0 ? nullptr : message_of(stream.str());
}

char *archive(const char *path) {
    llvm::Expected<llvm::NewArchiveMember> member =
        llvm::NewArchiveMember::getFile(path, /*Deterministic=*/true);
    if (!member)
        return message_of(llvm::toString(member.takeError()));
    member->MemberName = "model.o";
    std::vector<llvm::NewArchiveMember> members;
    members.push_back(std::move(*member));
    llvm::Error error =
        llvm::writeArchive(path, members, llvm::SymtabWritingMode::NormalSymtab,
                           llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
    return error ? message_of(llvm::toString(std::move(error))) : nullptr;
}

const clang_module module_table = {
    CLANG_MODULE_VERSION,
    "clang " CLANG_VERSION_STRING,
    compile,
    link,
    archive,
};

} // namespace

extern "C" __attribute__((visibility("default"))) const clang_module *
cornu_clang_module_query(uint32_t version) {
    if (version != CLANG_MODULE_VERSION)
        return nullptr;
    register_targets();
    return &module_table;
}
