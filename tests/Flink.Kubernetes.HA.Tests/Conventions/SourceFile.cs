using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>One C# file, read as far as conventions need.</summary>
/// <param name="Path">Relative to its top folder, with <c>/</c> between parts.</param>
/// <param name="Text">What is in it.</param>
internal sealed partial record SourceFile(string Path, string Text)
{
    /// <summary>The text without comments and without the content of strings.</summary>
    public string Code { get; } = CommentsAndStrings().Replace(Text, match => match.Value[0] == '/' ? " " : "\"\"");

    public int Lines => Text.TrimEnd('\n').Split('\n').Length;

    public IEnumerable<string> Usings => UsingDirective().Matches(Code).Select(match => match.Groups[1].Value);

    public string? Namespace => NamespaceDeclaration().Match(Code) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The names of the types that are declared here, outside of other types.</summary>
    public IEnumerable<string> DeclaredTypes => TypeDeclaration().Matches(Code).Where(match => match.Groups["indent"].Length == 0).Select(match => match.Groups["name"].Value);

    /// <summary>The names of the public types that are declared here, outside of other types.</summary>
    public IEnumerable<string> PublicTypes => TypeDeclaration().Matches(Code)
        .Where(match => match.Groups["indent"].Length == 0 && match.Groups["modifiers"].Value.Split(' ').Contains("public"))
        .Select(match => match.Groups["name"].Value);

    /// <summary>Every word of the code that could name a type.</summary>
    public ISet<string> Words => Word().Matches(UsingDirective().Replace(Code, string.Empty)).Select(match => match.Value).ToHashSet();

    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|"{3,}.*?"{3,}|@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'""", RegexOptions.Singleline)]
    private static partial Regex CommentsAndStrings();

    [GeneratedRegex(@"^\s*(?:global\s+)?using\s+(?:static\s+)?(?:\w+\s*=\s*)?([\w.]+)(?:<[^;]*>)?;", RegexOptions.Multiline)]
    private static partial Regex UsingDirective();

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();

    [GeneratedRegex(
        @"^(?<indent>[ \t]*)(?<modifiers>(?:(?:public|internal|private|protected|file|static|sealed|abstract|readonly|partial|ref|unsafe)\s+)*)(?:record\s+struct|record\s+class|record|class|struct|interface|enum|delegate\s+[\w<>?.]+)\s+(?<name>[A-Z]\w*)",
        RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"\b[A-Z]\w*\b")]
    private static partial Regex Word();
}
