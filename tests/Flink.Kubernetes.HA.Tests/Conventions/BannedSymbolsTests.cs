using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>A ban on a name that does not exist is no ban, and the analyzer says nothing about it.</summary>
public sealed class BannedSymbolsTests
{
    [Fact]
    public void Every_banned_symbol_exists()
    {
        var assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create("banned", references: assemblies.Select(path => MetadataReference.CreateFromFile(path)));

        Repository.Read("src/BannedSymbols.txt").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => DocumentationCommentId.GetFirstSymbolForDeclarationId(line.Split(';')[0], compilation) is null)
            .ShouldBeNone("src/BannedSymbols.txt names symbols of the packages in use");
    }
}
