using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.S3;
using Flink.Kubernetes.HA.StateHandles;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.Conventions;

/// <summary>What files, types and methods look like.</summary>
public sealed partial class ShapeTests
{
    private const int LongestFile = 350;
    private const int ShortestMedian = 50;
    private const int LongestMedian = 80;

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly IReadOnlyList<SourceFile> Source = Repository.Code("src");

    /// <summary>Every log message of the library and the S3 package.</summary>
    internal static IEnumerable<LoggerMessageAttribute> LogMessages =>
        new[] { typeof(KubernetesHaServices).Assembly, typeof(S3StateStorage).Assembly }.SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(Declared)).SelectMany(method => method.GetCustomAttributes<LoggerMessageAttribute>());

    [Fact]
    public void No_file_is_too_long_to_be_read_at_once() =>
        Repository.Code("src", "tests", "samples").Where(file => file.Lines > LongestFile).Select(file => $"{file.Path}: {file.Lines} lines")
            .ShouldBeNone($"a file has at most {LongestFile} lines");

    [Fact]
    public void Files_are_neither_shards_nor_scrolls() =>
        Source.Select(file => file.Lines).Order().ElementAt(Source.Count / 2).Should().BeInRange(ShortestMedian, LongestMedian);

    // Beside an enum, which has no methods, are its extensions.
    [Fact]
    public void A_file_has_one_public_type_and_its_name() =>
        Source.Where(file => file.PublicTypes.Any(type => type != file.Name && type != file.Name + "Extensions"))
            .Select(file => $"{file.Path}: {string.Join(", ", file.PublicTypes)}")
            .ShouldBeNone("one looks for a public type in the file of its name");

    [Theory]
    [MemberData(nameof(Repository.Packages), MemberType = typeof(Repository))]
    public void Public_classes_are_sealed_abstract_or_static(string package) =>
        Assembly.Load(package).GetExportedTypes().Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false })
            .Except([typeof(StateHandleException)]).ShouldBeNone("a class is made for inheritance or sealed");

    [Theory]
    [MemberData(nameof(Repository.Packages), MemberType = typeof(Repository))]
    [InlineData("Flink.Kubernetes.HA.Tests")]
    public void Nothing_is_async_void(string assembly) =>
        Assembly.Load(assembly).GetTypes().SelectMany(type => type.GetMethods(Declared))
            .Where(method => method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)))
            .Select(method => $"{method.DeclaringType}.{method.Name}").ShouldBeNone("what it throws ends the process");

    [Theory]
    [MemberData(nameof(Repository.Packages), MemberType = typeof(Repository))]
    public void A_cancellation_token_comes_last_and_is_called_so(string package) =>
        Assembly.Load(package).GetTypes().Where(type => !type.FullName!.Contains('<') && !type.IsSubclassOf(typeof(Delegate)))
            .SelectMany(type => type.GetMethods(Declared))
            .Where(method => !method.IsPrivate && !method.Name.Contains('<') && !HasTokenInPlace(method))
            .Select(method => $"{method.DeclaringType}.{method}").ShouldBeNone("callers look for it there");

    [Fact]
    public void Log_messages_have_ids_of_their_own() =>
        LogMessages.Select(message => message.EventId).Should().OnlyHaveUniqueItems().And.NotBeEmpty();

    [Fact]
    public void Log_ids_are_in_the_block_of_their_topic()
    {
        var ids = new List<(string File, string Id, string Block)>();
        foreach (var file in Source.Where(file => file.Name.EndsWith("Log", StringComparison.Ordinal)))
        {
            // A comment such as "Watches: 2xx" opens a block. The log of connections is one.
            var block = file.Name == "ConnectionLog" ? "1[1-3]." : "(no block)";
            foreach (Match match in BlockOrId().Matches(file.Text))
            {
                block = match.Groups["block"] is { Success: true } opened ? opened.Value.Replace('x', '.') : block;
                ids.AddRange(match.Groups["id"].Captures.Select(id => (file.Path, id.Value, block)));
            }
        }

        ids.Should().HaveSameCount(LogMessages);
        ids.Where(item => !Regex.IsMatch(item.Id, $"^{item.Block}$")).ShouldBeNone("an id tells what its message is about");
    }

    private static bool HasTokenInPlace(MethodInfo method)
    {
        // What the base class library names otherwise stays as it is there.
        var isForeign = method.IsVirtual && method.GetBaseDefinition().DeclaringType!.Assembly != method.DeclaringType!.Assembly;
        var tokens = method.GetParameters().Where(parameter => parameter.ParameterType == typeof(CancellationToken)).ToList();
        return isForeign || tokens is [] || (tokens is [{ Name: "cancellationToken" } token] && token.Position == method.GetParameters().Length - 1);
    }

    [GeneratedRegex(@"LoggerMessage\((?:EventId = )?(?<id>\d+)|//.*: (?<block>\d+x+)\b")]
    private static partial Regex BlockOrId();
}
