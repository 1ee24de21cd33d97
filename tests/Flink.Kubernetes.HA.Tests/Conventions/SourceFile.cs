using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>One C# file as the compiler reads it.</summary>
/// <param name="Path">Relative to the root of the repository, with <c>/</c> between parts.</param>
/// <param name="Text">What is in it.</param>
internal sealed record SourceFile(string Path, string Text)
{
    public CompilationUnitSyntax Tree { get; } = CSharpSyntaxTree.ParseText(Text).GetCompilationUnitRoot();

    public string Name => System.IO.Path.GetFileName(Path).Split('.')[0];

    public int Lines => Text.TrimEnd('\n').Split('\n').Length;

    /// <summary>The names of the public types that are declared here, outside of other types.</summary>
    public IEnumerable<string> PublicTypes =>
        Tree.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax).OfType<MemberDeclarationSyntax>()
            .Where(type => type.Modifiers.Any(SyntaxKind.PublicKeyword))
            .Select(type => type is DelegateDeclarationSyntax function ? function.Identifier.Text : ((BaseTypeDeclarationSyntax)type).Identifier.Text);

    /// <summary>The <c>///</c> comments.</summary>
    public IEnumerable<string> Documentation => Trivia(SyntaxKind.SingleLineDocumentationCommentTrivia);

    /// <summary>The <c>//</c> comments.</summary>
    public IEnumerable<string> Comments => Trivia(SyntaxKind.SingleLineCommentTrivia);

    /// <summary>All texts in quotes, one after the other as in a concatenation.</summary>
    public string Strings => string.Concat(Tree.DescendantTokens()
        .Where(token => token.IsKind(SyntaxKind.InterpolatedStringTextToken) || (token.Parent is LiteralExpressionSyntax && token.Value is string))
        .Select(token => token.ValueText));

    private IEnumerable<string> Trivia(SyntaxKind kind) =>
        Tree.DescendantTrivia().Where(trivia => trivia.IsKind(kind)).Select(trivia => trivia.ToFullString());
}
